-- The first schema, as it was frozen: later changes are migrations of their own.

CREATE TABLE "admin" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "email" VARCHAR(255) NOT NULL,
  "email_key" VARCHAR(255) NOT NULL,
  "name" VARCHAR(255) NOT NULL,
  "password_hash" VARCHAR(255),
  "epoch" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL
)

CREATE UNIQUE INDEX "admin_email_key" ON "admin" ("email_key")

CREATE TABLE "affiliate" (
  "id" INTEGER NOT NULL PRIMARY KEY,
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
  "us_person" INTEGER,
  "website" VARCHAR(255) NOT NULL,
  "promotion" TEXT NOT NULL,
  "status" VARCHAR(16) NOT NULL,
  "referrer_id" INTEGER,
  "attached_by" VARCHAR(16),
  "attached_at" INTEGER,
  "customer_id" INTEGER,
  "applied_at" INTEGER NOT NULL,
  FOREIGN KEY ("referrer_id") REFERENCES "affiliate" ("id")
)

CREATE UNIQUE INDEX "affiliate_email_key" ON "affiliate" ("email_key")

CREATE UNIQUE INDEX "affiliate_code" ON "affiliate" ("code")

CREATE INDEX "affiliate_referrer_id" ON "affiliate" ("referrer_id")

CREATE UNIQUE INDEX "affiliate_customer_id" ON "affiliate" ("customer_id")

CREATE TABLE "code" (
  "code" VARCHAR(32) NOT NULL PRIMARY KEY,
  "affiliate_id" INTEGER NOT NULL,
  "fact_id" INTEGER NOT NULL,
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE INDEX "code_affiliate_id" ON "code" ("affiliate_id")

CREATE TABLE "api_key" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "name" VARCHAR(255) NOT NULL,
  "hash" VARCHAR(64) NOT NULL,
  "created_at" INTEGER NOT NULL,
  "last_used_on" VARCHAR(10),
  "revoked_at" INTEGER
)

CREATE UNIQUE INDEX "api_key_hash" ON "api_key" ("hash")

CREATE TABLE "audit" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "at" INTEGER NOT NULL,
  "by" VARCHAR(255) NOT NULL,
  "did" VARCHAR(64) NOT NULL,
  "subject" VARCHAR(255) NOT NULL,
  "detail" TEXT NOT NULL
)

CREATE TABLE "click" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "affiliate_id" INTEGER NOT NULL,
  "link_id" INTEGER,
  "visitor" INTEGER NOT NULL,
  "clicked_at" INTEGER NOT NULL,
  "days" INTEGER NOT NULL,
  "mark" VARCHAR(16),
  "sub_id" VARCHAR(64),
  "referrer" TEXT,
  "tag" INTEGER NOT NULL
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
  "id" INTEGER NOT NULL PRIMARY KEY,
  "customer_id" VARCHAR(255) NOT NULL,
  "email" VARCHAR(255) NOT NULL,
  "email_key" VARCHAR(255) NOT NULL,
  "name" VARCHAR(255) NOT NULL,
  "first_paid" INTEGER,
  "belongs_to_id" INTEGER,
  FOREIGN KEY ("belongs_to_id") REFERENCES "affiliate" ("id")
)

CREATE UNIQUE INDEX "customer_customer_id" ON "customer" ("customer_id")

CREATE INDEX "customer_email_key" ON "customer" ("email_key")

CREATE INDEX "customer_belongs_to_id" ON "customer" ("belongs_to_id")

CREATE TABLE "customer_visitor" (
  "customer_id" INTEGER NOT NULL,
  "visitor" INTEGER NOT NULL,
  PRIMARY KEY ("customer_id", "visitor"),
  FOREIGN KEY ("customer_id") REFERENCES "customer" ("id")
)

CREATE TABLE "terms_version" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "cookie_days" INTEGER NOT NULL,
  "minimum_payout" INTEGER NOT NULL,
  "tax_threshold" INTEGER NOT NULL,
  "month_amount" INTEGER NOT NULL,
  "month_threshold" INTEGER NOT NULL,
  "month_rate" INTEGER NOT NULL,
  "year_amount" INTEGER NOT NULL,
  "once_rate" INTEGER NOT NULL,
  "override_rate" INTEGER NOT NULL,
  "since" INTEGER NOT NULL,
  "after_fact" INTEGER NOT NULL
)

CREATE TABLE "orders" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "order_id" VARCHAR(255) NOT NULL,
  "customer_id" INTEGER NOT NULL,
  "fact_id" INTEGER NOT NULL,
  "ordered_at" INTEGER NOT NULL,
  "credited_to_id" INTEGER,
  "rule" VARCHAR(8) NOT NULL,
  "reason" TEXT NOT NULL,
  "click_id" INTEGER,
  "terms_id" INTEGER NOT NULL,
  "interval" VARCHAR(8) NOT NULL,
  "price" INTEGER NOT NULL,
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
  "id" INTEGER NOT NULL PRIMARY KEY,
  "event_id" VARCHAR(255) NOT NULL,
  "order_id" INTEGER NOT NULL,
  "plan_count" INTEGER NOT NULL,
  "interval" VARCHAR(8) NOT NULL,
  "price" INTEGER NOT NULL,
  "amount" INTEGER NOT NULL,
  "refunded" INTEGER NOT NULL,
  "disputed" INTEGER NOT NULL,
  "commission_to_id" INTEGER,
  "override_to_id" INTEGER,
  "paid_at" INTEGER NOT NULL,
  FOREIGN KEY ("order_id") REFERENCES "orders" ("id"),
  FOREIGN KEY ("commission_to_id") REFERENCES "affiliate" ("id"),
  FOREIGN KEY ("override_to_id") REFERENCES "affiliate" ("id")
)

CREATE UNIQUE INDEX "payment_event_id" ON "payment" ("event_id")

CREATE INDEX "payment_order_id" ON "payment" ("order_id")

CREATE TABLE "run" (
  "month" VARCHAR(7) NOT NULL PRIMARY KEY,
  "ran_at" INTEGER NOT NULL,
  "terms_id" INTEGER NOT NULL,
  "last_entry" INTEGER NOT NULL,
  "last_fact" INTEGER NOT NULL,
  FOREIGN KEY ("terms_id") REFERENCES "terms_version" ("id")
)

CREATE TABLE "payout" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "run_id" VARCHAR(7) NOT NULL,
  "affiliate_id" INTEGER NOT NULL,
  "amount" INTEGER NOT NULL CHECK (amount > 0),
  FOREIGN KEY ("run_id") REFERENCES "run" ("month"),
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE INDEX "payout_affiliate_id" ON "payout" ("affiliate_id")

CREATE UNIQUE INDEX "payout_run_id_affiliate_id" ON "payout" ("run_id", "affiliate_id")

CREATE TABLE "entry" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "affiliate_id" INTEGER NOT NULL,
  "kind" VARCHAR(16) NOT NULL,
  "amount" INTEGER NOT NULL CHECK (amount <> 0),
  "happened_at" INTEGER NOT NULL,
  "recorded_at" INTEGER NOT NULL,
  "rule" VARCHAR(8) NOT NULL,
  "source" VARCHAR(64) NOT NULL,
  "fact_id" INTEGER,
  "payment_id" INTEGER,
  "payout_id" INTEGER,
  "paid_before" INTEGER,
  "paid_after" INTEGER,
  "paid_at" INTEGER,
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
  "id" INTEGER NOT NULL PRIMARY KEY,
  "kind" VARCHAR(16) NOT NULL,
  "event_id" VARCHAR(255),
  "customer_id" INTEGER,
  "affiliate_id" INTEGER,
  "email_key" VARCHAR(255),
  "content" TEXT NOT NULL,
  "answer" TEXT,
  "recorded_at" INTEGER NOT NULL,
  "clicks_to" INTEGER NOT NULL,
  "seal" VARCHAR(32) NOT NULL
)

CREATE UNIQUE INDEX "fact_event_id" ON "fact" ("event_id")

CREATE INDEX "fact_customer_id_id" ON "fact" ("customer_id", "id")

CREATE INDEX "fact_affiliate_id_id" ON "fact" ("affiliate_id", "id")

CREATE INDEX "fact_email_key_id" ON "fact" ("email_key", "id")

CREATE TABLE "imported_click" (
  "outside_id" VARCHAR(128) NOT NULL PRIMARY KEY,
  "click_id" INTEGER NOT NULL
)

CREATE TABLE "link" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "affiliate_id" INTEGER NOT NULL,
  "slug" VARCHAR(64) NOT NULL,
  "name" VARCHAR(255) NOT NULL,
  "landing" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE INDEX "link_affiliate_id" ON "link" ("affiliate_id")

CREATE UNIQUE INDEX "link_affiliate_id_slug" ON "link" ("affiliate_id", "slug")

CREATE TABLE "message" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "key" VARCHAR(255) NOT NULL,
  "kind" VARCHAR(32) NOT NULL,
  "holder" VARCHAR(32) NOT NULL,
  "facts" TEXT NOT NULL,
  "state" VARCHAR(8) NOT NULL,
  "queued_at" INTEGER NOT NULL,
  "due_at" INTEGER NOT NULL,
  "attempts" INTEGER NOT NULL,
  "first_tried_at" INTEGER,
  "sent_at" INTEGER,
  "down" INTEGER NOT NULL,
  "error" VARCHAR(255) NOT NULL
)

CREATE UNIQUE INDEX "message_key" ON "message" ("key")

CREATE INDEX "message_state_due_at" ON "message" ("state", "due_at")

CREATE INDEX "message_holder_state_id" ON "message" ("holder", "state", "id")

CREATE TABLE "not_paid" (
  "run_id" VARCHAR(7) NOT NULL,
  "affiliate_id" INTEGER NOT NULL,
  "amount" INTEGER NOT NULL,
  "reason" VARCHAR(16) NOT NULL,
  PRIMARY KEY ("run_id", "affiliate_id"),
  FOREIGN KEY ("run_id") REFERENCES "run" ("month"),
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE INDEX "not_paid_affiliate_id" ON "not_paid" ("affiliate_id")

CREATE TABLE "one_time_password" (
  "affiliate_id" INTEGER NOT NULL PRIMARY KEY,
  "password_hash" VARCHAR(255) NOT NULL,
  "made_at" INTEGER NOT NULL,
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE TABLE "paper_check" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "payout_id" INTEGER NOT NULL,
  "part" INTEGER NOT NULL,
  "status" VARCHAR(8) NOT NULL,
  "number" INTEGER,
  "check_date" VARCHAR(10),
  "payee" VARCHAR(255) NOT NULL,
  "address" TEXT NOT NULL,
  "mailed_on" VARCHAR(10),
  "void_reason" TEXT NOT NULL,
  "moved_at" INTEGER NOT NULL,
  "runs_when_void" INTEGER,
  FOREIGN KEY ("payout_id") REFERENCES "payout" ("id")
)

CREATE INDEX "paper_check_payout_id" ON "paper_check" ("payout_id")

CREATE UNIQUE INDEX "paper_check_number" ON "paper_check" ("number")

CREATE UNIQUE INDEX "paper_check_payout_id_part" ON "paper_check" ("payout_id", "part")

CREATE TABLE "refund" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "sale_event_id" VARCHAR(255) NOT NULL,
  "kind" VARCHAR(24) NOT NULL,
  "asked" INTEGER,
  "amount" INTEGER NOT NULL,
  "status" VARCHAR(8) NOT NULL,
  "reason" TEXT NOT NULL,
  "applied_by" INTEGER,
  "happened_at" INTEGER NOT NULL
)

CREATE INDEX "refund_sale_event_id" ON "refund" ("sale_event_id")

CREATE TABLE "reset_token" (
  "hash" VARCHAR(64) NOT NULL PRIMARY KEY,
  "holder" VARCHAR(32) NOT NULL,
  "email_key" VARCHAR(255) NOT NULL,
  "made_at" INTEGER NOT NULL
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
  "stored_at" INTEGER NOT NULL,
  FOREIGN KEY ("affiliate_id") REFERENCES "affiliate" ("id")
)

CREATE TABLE "throttle" (
  "key" VARCHAR(32) NOT NULL,
  "ends_at" INTEGER NOT NULL,
  "count" INTEGER NOT NULL,
  PRIMARY KEY ("key", "ends_at")
)

CREATE TABLE "verification" (
  "id" INTEGER NOT NULL PRIMARY KEY,
  "at" INTEGER NOT NULL,
  "entries" INTEGER NOT NULL,
  "differences" TEXT NOT NULL
)

CREATE TRIGGER fact_no_update BEFORE UPDATE ON fact FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'fact is append-only'); END

CREATE TRIGGER fact_no_delete BEFORE DELETE ON fact FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'fact is append-only'); END

CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'entry is append-only'); END

CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'entry is append-only'); END

CREATE TRIGGER terms_version_no_update BEFORE UPDATE ON terms_version FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'terms_version is append-only'); END

CREATE TRIGGER terms_version_no_delete BEFORE DELETE ON terms_version FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'terms_version is append-only'); END

CREATE TRIGGER click_no_update BEFORE UPDATE ON click FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'click is append-only'); END

CREATE TRIGGER click_no_delete BEFORE DELETE ON click FOR EACH ROW WHEN (OLD.mark IS NULL) BEGIN SELECT RAISE(ABORT, 'click is append-only'); END
