"""What a tax year and the bank need: amounts of the law once confirmed, forms as they were filed,
the numbered files that told the bank which checks are good, and sheets that the printer spoiled."""

from peewee import SqliteDatabase

TABLES = """
CREATE TABLE "tax_year" (
  "year" INTEGER NOT NULL PRIMARY KEY,
  "statutory" BIGINT NOT NULL,
  "source" TEXT NOT NULL,
  "confirmed_at" {instant} NOT NULL
);
CREATE TABLE "tax_form" (
  "year" INTEGER NOT NULL,
  "affiliate_id" INTEGER NOT NULL,
  "amount" BIGINT NOT NULL,
  "filed_at" {instant} NOT NULL,
  PRIMARY KEY ("year", "affiliate_id"),
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
);
CREATE INDEX "tax_form_affiliate_id" ON "tax_form" ("affiliate_id");
CREATE TABLE "bank_file" (
  "number" INTEGER NOT NULL PRIMARY KEY,
  "account" VARCHAR(34) NOT NULL,
  "made_at" {instant} NOT NULL
);
CREATE TABLE "bank_line" (
  "file_id" INTEGER NOT NULL,
  "number" INTEGER NOT NULL,
  "check_date" VARCHAR(10) NOT NULL,
  "amount" BIGINT NOT NULL,
  "payee" VARCHAR(255) NOT NULL,
  "mark" VARCHAR(5) NOT NULL,
  PRIMARY KEY ("number", "mark"),
  FOREIGN KEY ("file_id") REFERENCES "bank_file" ("number")
);
CREATE INDEX "bank_line_file_id" ON "bank_line" ("file_id");
CREATE TABLE "spoiled_sheet" (
  "number" INTEGER NOT NULL PRIMARY KEY,
  "check_id" INTEGER NOT NULL,
  "check_date" VARCHAR(10) NOT NULL,
  "payee" VARCHAR(255) NOT NULL,
  "spoiled_at" {instant} NOT NULL,
  FOREIGN KEY ("check_id") REFERENCES "paper_check" ("id")
);
CREATE INDEX "spoiled_sheet_check_id" ON "spoiled_sheet" ("check_id")
"""


def up(migrator, db):
    script = TABLES.replace("{instant}", "INTEGER" if isinstance(db, SqliteDatabase) else "BIGINT")
    for statement in script.split(";"):
        db.execute_sql(statement)
