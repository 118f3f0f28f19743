"""The Resource Center: links of the program itself, images, creatives, cases, and what a profile
holds more."""

from peewee import BigIntegerField, BooleanField, CharField, SqliteDatabase
from playhouse.migrate import migrate

TYPES = {
    True: {"{id}": "INTEGER", "{instant}": "INTEGER", "{blob}": "BLOB"},
    False: {"{id}": "SERIAL", "{instant}": "BIGINT", "{blob}": "BYTEA"},
}
TABLES = """
CREATE TABLE "image" (
  "key" VARCHAR(32) NOT NULL PRIMARY KEY,
  "kind" VARCHAR(4) NOT NULL,
  "width" INTEGER NOT NULL,
  "height" INTEGER NOT NULL,
  "size" INTEGER NOT NULL,
  "content" {blob} NOT NULL,
  "created_at" {instant} NOT NULL
);
CREATE TABLE "creative" (
  "id" {id} NOT NULL PRIMARY KEY,
  "kind" VARCHAR(8) NOT NULL,
  "name" VARCHAR(255) NOT NULL,
  "use" VARCHAR(255) NOT NULL,
  "link_id" INTEGER NOT NULL,
  "image_id" VARCHAR(32),
  "subject" VARCHAR(255) NOT NULL,
  "text" TEXT NOT NULL,
  "place" INTEGER NOT NULL,
  "created_at" {instant} NOT NULL,
  "retired_at" {instant},
  FOREIGN KEY ("link_id") REFERENCES "link" ("id"),
  FOREIGN KEY ("image_id") REFERENCES "image" ("key")
);
CREATE UNIQUE INDEX "creative_link_id" ON "creative" ("link_id");
CREATE INDEX "creative_image_id" ON "creative" ("image_id");
CREATE INDEX "creative_kind_place" ON "creative" ("kind", "place");
CREATE TABLE "office_case" (
  "id" {id} NOT NULL PRIMARY KEY,
  "key" VARCHAR(26) NOT NULL,
  "affiliate_id" INTEGER NOT NULL,
  "about" VARCHAR(16) NOT NULL,
  "subject" VARCHAR(255) NOT NULL,
  "facts" TEXT NOT NULL,
  "evidence" TEXT NOT NULL,
  "state" VARCHAR(8) NOT NULL,
  "opened_at" {instant} NOT NULL,
  "moved_at" {instant} NOT NULL,
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
);
CREATE UNIQUE INDEX "office_case_key" ON "office_case" ("key");
CREATE INDEX "office_case_affiliate_id" ON "office_case" ("affiliate_id");
CREATE INDEX "office_case_state_id" ON "office_case" ("state", "id");
CREATE TABLE "case_note" (
  "id" {id} NOT NULL PRIMARY KEY,
  "case_id" INTEGER NOT NULL,
  "by" VARCHAR(32) NOT NULL,
  "text" TEXT NOT NULL,
  "at" {instant} NOT NULL,
  "key" VARCHAR(64) NOT NULL,
  FOREIGN KEY ("case_id") REFERENCES "office_case" ("id")
);
CREATE UNIQUE INDEX "case_note_key" ON "case_note" ("key");
CREATE INDEX "case_note_case_id" ON "case_note" ("case_id");
CREATE INDEX "customer_visitor_visitor" ON "customer_visitor" ("visitor");
CREATE TABLE "login_session" (
  "hash" VARCHAR(64) NOT NULL PRIMARY KEY,
  "holder" VARCHAR(32) NOT NULL,
  "browser" VARCHAR(64) NOT NULL,
  "began_at" {instant} NOT NULL,
  "used_at" {instant} NOT NULL
);
CREATE INDEX "login_session_holder" ON "login_session" ("holder");
CREATE TEMPORARY TABLE "click_day_before" AS SELECT * FROM "click_day";
DROP TABLE "click_day";
CREATE TABLE "click_day" (
  "affiliate_id" INTEGER NOT NULL,
  "day" VARCHAR(10) NOT NULL,
  "link_id" INTEGER NOT NULL,
  "clicks" INTEGER NOT NULL,
  PRIMARY KEY ("affiliate_id", "day", "link_id")
);
INSERT INTO "click_day" SELECT "affiliate_id", "day", 0, "clicks" FROM "click_day_before";
DROP TABLE "click_day_before"
"""  # until now there was nothing to make a link with, so clicks were on the main one


def up(migrator, db):
    migrate(
        migrator.drop_not_null("link", "affiliate_id"),
        migrator.add_column("reset_token", "new_email", CharField(default="")),
        migrator.add_column("affiliate", "muted", CharField(default="")),
        migrator.add_column("affiliate", "tax_name", CharField(default="")),
        migrator.add_column("affiliate", "tax_class", CharField(max_length=16, default="")),
        migrator.add_column("affiliate", "certified_at", BigIntegerField(null=True)),
        migrator.add_column("affiliate", "e_copy", BooleanField(default=False)),
        migrator.add_column("affiliate", "password_at", BigIntegerField(null=True)),
        migrator.add_column("affiliate", "closed_at", BigIntegerField(null=True)),
        migrator.drop_column("affiliate", "epoch"),
        migrator.drop_column("admin", "epoch"),
        migrator.add_column("admin", "password_at", BigIntegerField(null=True)),
        migrator.add_column("customer_visitor", "fact_id", BigIntegerField(default=0)),
    )
    script = TABLES
    for name, kind in TYPES[isinstance(db, SqliteDatabase)].items():
        script = script.replace(name, kind)
    for statement in script.split(";"):
        db.execute_sql(statement)
