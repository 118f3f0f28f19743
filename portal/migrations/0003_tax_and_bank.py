"""What a tax year and the bank need: amounts of the law once confirmed, forms as they were filed,
and the numbered files that told the bank which checks are good."""

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
CREATE INDEX "tax_form_affiliate_id" ON "tax_form" ("affiliate_id")
"""


def up(migrator, db):
    script = TABLES.replace("{instant}", "INTEGER" if isinstance(db, SqliteDatabase) else "BIGINT")
    for statement in script.split(";"):
        db.execute_sql(statement)
