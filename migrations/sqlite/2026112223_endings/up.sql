-- The offer by which both sides agreed, so that each can say which partnership it ends; and by whom it
-- was ended (`us` or `them`) and when.
ALTER TABLE partners ADD COLUMN agreement TEXT;
ALTER TABLE partners ADD COLUMN ended_by TEXT;
ALTER TABLE partners ADD COLUMN ended_at BIGINT;
