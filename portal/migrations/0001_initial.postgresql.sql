-- The first schema, as it was frozen: later changes are migrations of their own.

CREATE TABLE "admin" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "email" VARCHAR(255) NOT NULL,
  "email_key" VARCHAR(255) NOT NULL,
  "name" VARCHAR(255) NOT NULL,
  "password_hash" VARCHAR(255),
  "epoch" INTEGER NOT NULL,
  "created_at" BIGINT NOT NULL
)

CREATE UNIQUE INDEX "admin_email_key" ON "admin" ("email_key")

CREATE TABLE "affiliate" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "email" VARCHAR(255) NOT NULL,
  "email_key" VARCHAR(255) NOT NULL,
  "name" VARCHAR(255) NOT NULL,
  "password_hash" VARCHAR(255),
  "epoch" INTEGER NOT NULL,
  "code" VARCHAR(32) NOT NULL,
  "company" VARCHAR(255) NOT NULL,
  "payee" VARCHAR(255) NOT NULL,
  "line1" VARCHAR(255) NOT NULL,
  "line2" VARCHAR(255) NOT NULL,
  "city" VARCHAR(255) NOT NULL,
  "state" VARCHAR(255) NOT NULL,
  "postal_code" VARCHAR(255) NOT NULL,
  "country" VARCHAR(2) NOT NULL,
  "us_person" BOOLEAN,
  "website" VARCHAR(255) NOT NULL,
  "promotion" TEXT NOT NULL,
  "status" VARCHAR(16) NOT NULL,
  "referrer_id" INTEGER,
  "attached_by" VARCHAR(16),
  "attached_at" BIGINT,
  "customer_id" INTEGER,
  "applied_at" BIGINT NOT NULL,
  FOREIGN KEY ("referrer_id") REFERENCES "affiliate" ("id")
)

CREATE UNIQUE INDEX "affiliate_email_key" ON "affiliate" ("email_key")

CREATE UNIQUE INDEX "affiliate_code" ON "affiliate" ("code")

CREATE INDEX "affiliate_referrer_id" ON "affiliate" ("referrer_id")

CREATE UNIQUE INDEX "affiliate_customer_id" ON "affiliate" ("customer_id")

CREATE TABLE "code" (
  "code" VARCHAR(32) NOT NULL PRIMARY KEY,
  "affiliate_id" INTEGER NOT NULL,
  "fact_id" BIGINT NOT NULL,
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE INDEX "code_affiliate_id" ON "code" ("affiliate_id")

CREATE TABLE "api_key" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "name" VARCHAR(255) NOT NULL,
  "hash" VARCHAR(64) NOT NULL,
  "created_at" BIGINT NOT NULL,
  "last_used_on" VARCHAR(10),
  "revoked_at" BIGINT
)

CREATE UNIQUE INDEX "api_key_hash" ON "api_key" ("hash")

CREATE TABLE "audit" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "at" BIGINT NOT NULL,
  "by" VARCHAR(255) NOT NULL,
  "did" VARCHAR(64) NOT NULL,
  "subject" VARCHAR(255) NOT NULL,
  "detail" TEXT NOT NULL
)

CREATE TABLE "click" (
  "id" BIGINT NOT NULL PRIMARY KEY,
  "affiliate_id" INTEGER NOT NULL,
  "link_id" INTEGER,
  "visitor" BIGINT NOT NULL,
  "clicked_at" BIGINT NOT NULL,
  "days" INTEGER NOT NULL,
  "mark" VARCHAR(16),
  "sub_id" VARCHAR(64),
  "referrer" TEXT,
  "tag" BIGINT NOT NULL
)

CREATE INDEX "click_visitor" ON "click" ("visitor")

CREATE INDEX "click_affiliate_id_id" ON "click" ("affiliate_id", "id")

CREATE TABLE "click_day" (
  "affiliate_id" INTEGER NOT NULL,
  "day" VARCHAR(10) NOT NULL,
  "clicks" INTEGER NOT NULL,
  PRIMARY KEY ("affiliate_id", "day")
)

CREATE TABLE "customer" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "customer_id" VARCHAR(255) NOT NULL,
  "email" VARCHAR(255) NOT NULL,
  "email_key" VARCHAR(255) NOT NULL,
  "name" VARCHAR(255) NOT NULL,
  "first_paid" BIGINT,
  "belongs_to_id" INTEGER,
  FOREIGN KEY ("belongs_to_id") REFERENCES "affiliate" ("id")
)

CREATE UNIQUE INDEX "customer_customer_id" ON "customer" ("customer_id")

CREATE INDEX "customer_email_key" ON "customer" ("email_key")

CREATE INDEX "customer_belongs_to_id" ON "customer" ("belongs_to_id")

CREATE TABLE "customer_visitor" (
  "customer_id" INTEGER NOT NULL,
  "visitor" BIGINT NOT NULL,
  PRIMARY KEY ("customer_id", "visitor"),
  FOREIGN KEY ("customer_id") REFERENCES "customer" ("id")
)

CREATE TABLE "terms_version" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "cookie_days" INTEGER NOT NULL,
  "minimum_payout" BIGINT NOT NULL,
  "tax_threshold" BIGINT NOT NULL,
  "month_amount" BIGINT NOT NULL,
  "month_threshold" BIGINT NOT NULL,
  "month_rate" INTEGER NOT NULL,
  "year_amount" BIGINT NOT NULL,
  "once_rate" INTEGER NOT NULL,
  "override_rate" INTEGER NOT NULL,
  "since" BIGINT NOT NULL,
  "after_fact" BIGINT NOT NULL
)

CREATE TABLE "orders" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "order_id" VARCHAR(255) NOT NULL,
  "customer_id" INTEGER NOT NULL,
  "fact_id" BIGINT NOT NULL,
  "ordered_at" BIGINT NOT NULL,
  "credited_to_id" INTEGER,
  "rule" VARCHAR(8) NOT NULL,
  "reason" TEXT NOT NULL,
  "click_id" BIGINT,
  "terms_id" INTEGER NOT NULL,
  "interval" VARCHAR(8) NOT NULL,
  "price" BIGINT NOT NULL,
  "plan_name" VARCHAR(255) NOT NULL,
  "plan_count" INTEGER NOT NULL,
  FOREIGN KEY ("customer_id") REFERENCES "customer" ("id"),
  FOREIGN KEY ("credited_to_id") REFERENCES "affiliate" ("id"),
  FOREIGN KEY ("terms_id") REFERENCES "terms_version" ("id")
)

CREATE UNIQUE INDEX "orders_order_id" ON "orders" ("order_id")

CREATE INDEX "orders_customer_id" ON "orders" ("customer_id")

CREATE INDEX "orders_credited_to_id_id" ON "orders" ("credited_to_id", "id")

CREATE TABLE "payment" (
  "id" BIGINT NOT NULL PRIMARY KEY,
  "event_id" VARCHAR(255) NOT NULL,
  "order_id" INTEGER NOT NULL,
  "plan_count" INTEGER NOT NULL,
  "interval" VARCHAR(8) NOT NULL,
  "price" BIGINT NOT NULL,
  "amount" BIGINT NOT NULL,
  "refunded" BIGINT NOT NULL,
  "disputed" BIGINT NOT NULL,
  "commission_to_id" INTEGER,
  "override_to_id" INTEGER,
  "paid_at" BIGINT NOT NULL,
  FOREIGN KEY ("order_id") REFERENCES "orders" ("id"),
  FOREIGN KEY ("commission_to_id") REFERENCES "affiliate" ("id"),
  FOREIGN KEY ("override_to_id") REFERENCES "affiliate" ("id")
)

CREATE UNIQUE INDEX "payment_event_id" ON "payment" ("event_id")

CREATE INDEX "payment_order_id" ON "payment" ("order_id")

CREATE TABLE "run" (
  "month" VARCHAR(7) NOT NULL PRIMARY KEY,
  "ran_at" BIGINT NOT NULL,
  "terms_id" INTEGER NOT NULL,
  "last_entry" BIGINT NOT NULL,
  "last_fact" BIGINT NOT NULL,
  FOREIGN KEY ("terms_id") REFERENCES "terms_version" ("id")
)

CREATE TABLE "payout" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "run_id" VARCHAR(7) NOT NULL,
  "affiliate_id" INTEGER NOT NULL,
  "amount" BIGINT NOT NULL CHECK (amount > 0),
  FOREIGN KEY ("run_id") REFERENCES "run" ("month"),
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE INDEX "payout_affiliate_id" ON "payout" ("affiliate_id")

CREATE UNIQUE INDEX "payout_run_id_affiliate_id" ON "payout" ("run_id", "affiliate_id")

CREATE TABLE "entry" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "affiliate_id" INTEGER NOT NULL,
  "kind" VARCHAR(16) NOT NULL,
  "amount" BIGINT NOT NULL CHECK (amount <> 0),
  "happened_at" BIGINT NOT NULL,
  "recorded_at" BIGINT NOT NULL,
  "rule" VARCHAR(8) NOT NULL,
  "source" VARCHAR(64) NOT NULL,
  "fact_id" BIGINT,
  "payment_id" BIGINT,
  "payout_id" INTEGER,
  "paid_before" BIGINT,
  "paid_after" BIGINT,
  "paid_at" BIGINT,
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id") ON DELETE RESTRICT,
  FOREIGN KEY ("payment_id") REFERENCES "payment" ("id"),
  FOREIGN KEY ("payout_id") REFERENCES "payout" ("id")
)

CREATE UNIQUE INDEX "entry_source" ON "entry" ("source")

CREATE INDEX "entry_fact_id" ON "entry" ("fact_id")

CREATE INDEX "entry_payment_id" ON "entry" ("payment_id")

CREATE INDEX "entry_payout_id" ON "entry" ("payout_id")

CREATE INDEX "entry_affiliate_id_id" ON "entry" ("affiliate_id", "id")

CREATE TABLE "fact" (
  "id" BIGINT NOT NULL PRIMARY KEY,
  "kind" VARCHAR(16) NOT NULL,
  "event_id" VARCHAR(255),
  "customer_id" INTEGER,
  "affiliate_id" INTEGER,
  "email_key" VARCHAR(255),
  "content" TEXT NOT NULL,
  "answer" TEXT,
  "recorded_at" BIGINT NOT NULL,
  "clicks_to" BIGINT NOT NULL,
  "seal" VARCHAR(32) NOT NULL
)

CREATE UNIQUE INDEX "fact_event_id" ON "fact" ("event_id")

CREATE INDEX "fact_customer_id_id" ON "fact" ("customer_id", "id")

CREATE INDEX "fact_affiliate_id_id" ON "fact" ("affiliate_id", "id")

CREATE INDEX "fact_email_key_id" ON "fact" ("email_key", "id")

CREATE TABLE "imported_click" (
  "outside_id" VARCHAR(128) NOT NULL PRIMARY KEY,
  "click_id" BIGINT NOT NULL
)

CREATE TABLE "link" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "affiliate_id" INTEGER NOT NULL,
  "slug" VARCHAR(64) NOT NULL,
  "name" VARCHAR(255) NOT NULL,
  "landing" TEXT NOT NULL,
  "created_at" BIGINT NOT NULL,
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE INDEX "link_affiliate_id" ON "link" ("affiliate_id")

CREATE UNIQUE INDEX "link_affiliate_id_slug" ON "link" ("affiliate_id", "slug")

CREATE TABLE "message" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "key" VARCHAR(255) NOT NULL,
  "kind" VARCHAR(32) NOT NULL,
  "holder" VARCHAR(32) NOT NULL,
  "facts" TEXT NOT NULL,
  "state" VARCHAR(8) NOT NULL,
  "queued_at" BIGINT NOT NULL,
  "due_at" BIGINT NOT NULL,
  "attempts" INTEGER NOT NULL,
  "first_tried_at" BIGINT,
  "sent_at" BIGINT,
  "down" BOOLEAN NOT NULL,
  "error" VARCHAR(255) NOT NULL
)

CREATE UNIQUE INDEX "message_key" ON "message" ("key")

CREATE INDEX "message_state_due_at" ON "message" ("state", "due_at")

CREATE INDEX "message_holder_state_id" ON "message" ("holder", "state", "id")

CREATE TABLE "not_paid" (
  "run_id" VARCHAR(7) NOT NULL,
  "affiliate_id" INTEGER NOT NULL,
  "amount" BIGINT NOT NULL,
  "reason" VARCHAR(16) NOT NULL,
  PRIMARY KEY ("run_id", "affiliate_id"),
  FOREIGN KEY ("run_id") REFERENCES "run" ("month"),
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE INDEX "not_paid_affiliate_id" ON "not_paid" ("affiliate_id")

CREATE TABLE "one_time_password" (
  "affiliate_id" INTEGER NOT NULL PRIMARY KEY,
  "password_hash" VARCHAR(255) NOT NULL,
  "made_at" BIGINT NOT NULL,
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE TABLE "paper_check" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "payout_id" INTEGER NOT NULL,
  "part" INTEGER NOT NULL,
  "status" VARCHAR(8) NOT NULL,
  "number" INTEGER,
  "check_date" VARCHAR(10),
  "payee" VARCHAR(255) NOT NULL,
  "address" TEXT NOT NULL,
  "mailed_on" VARCHAR(10),
  "void_reason" TEXT NOT NULL,
  "moved_at" BIGINT NOT NULL,
  "runs_when_void" INTEGER,
  FOREIGN KEY ("payout_id") REFERENCES "payout" ("id")
)

CREATE INDEX "paper_check_payout_id" ON "paper_check" ("payout_id")

CREATE UNIQUE INDEX "paper_check_number" ON "paper_check" ("number")

CREATE UNIQUE INDEX "paper_check_payout_id_part" ON "paper_check" ("payout_id", "part")

CREATE TABLE "refund" (
  "id" BIGINT NOT NULL PRIMARY KEY,
  "sale_event_id" VARCHAR(255) NOT NULL,
  "kind" VARCHAR(24) NOT NULL,
  "asked" BIGINT,
  "amount" BIGINT NOT NULL,
  "status" VARCHAR(8) NOT NULL,
  "reason" TEXT NOT NULL,
  "applied_by" BIGINT,
  "happened_at" BIGINT NOT NULL
)

CREATE INDEX "refund_sale_event_id" ON "refund" ("sale_event_id")

CREATE TABLE "reset_token" (
  "hash" VARCHAR(64) NOT NULL PRIMARY KEY,
  "holder" VARCHAR(32) NOT NULL,
  "email_key" VARCHAR(255) NOT NULL,
  "made_at" BIGINT NOT NULL
)

CREATE INDEX "reset_token_holder" ON "reset_token" ("holder")

CREATE TABLE "setting" (
  "name" VARCHAR(64) NOT NULL PRIMARY KEY,
  "value" TEXT NOT NULL
)

CREATE TABLE "tax_id_on_file" (
  "affiliate_id" INTEGER NOT NULL PRIMARY KEY,
  "kind" VARCHAR(4) NOT NULL,
  "sealed" TEXT NOT NULL,
  "last_four" VARCHAR(4) NOT NULL,
  "stored_at" BIGINT NOT NULL,
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE TABLE "throttle" (
  "key" VARCHAR(32) NOT NULL,
  "ends_at" BIGINT NOT NULL,
  "count" INTEGER NOT NULL,
  PRIMARY KEY ("key", "ends_at")
)

CREATE TABLE "verification" (
  "id" SERIAL NOT NULL PRIMARY KEY,
  "at" BIGINT NOT NULL,
  "entries" INTEGER NOT NULL,
  "differences" TEXT NOT NULL
)

CREATE FUNCTION fact_no_update() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'fact is append-only'; END$$

CREATE TRIGGER fact_no_update BEFORE UPDATE ON fact FOR EACH ROW EXECUTE FUNCTION fact_no_update()

CREATE FUNCTION fact_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'fact is append-only'; END$$

CREATE TRIGGER fact_no_delete BEFORE DELETE ON fact FOR EACH ROW EXECUTE FUNCTION fact_no_delete()

CREATE FUNCTION entry_no_update() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'entry is append-only'; END$$

CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry FOR EACH ROW EXECUTE FUNCTION entry_no_update()

CREATE FUNCTION entry_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'entry is append-only'; END$$

CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry FOR EACH ROW EXECUTE FUNCTION entry_no_delete()

CREATE FUNCTION terms_version_no_update() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'terms_version is append-only'; END$$

CREATE TRIGGER terms_version_no_update BEFORE UPDATE ON terms_version FOR EACH ROW EXECUTE FUNCTION terms_version_no_update()

CREATE FUNCTION terms_version_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'terms_version is append-only'; END$$

CREATE TRIGGER terms_version_no_delete BEFORE DELETE ON terms_version FOR EACH ROW EXECUTE FUNCTION terms_version_no_delete()

CREATE FUNCTION click_no_update() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'click is append-only'; END$$

CREATE TRIGGER click_no_update BEFORE UPDATE ON click FOR EACH ROW EXECUTE FUNCTION click_no_update()

CREATE FUNCTION click_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'click is append-only'; END$$

CREATE TRIGGER click_no_delete BEFORE DELETE ON click FOR EACH ROW WHEN (OLD.mark IS NULL) EXECUTE FUNCTION click_no_delete()
