-- The words by which the house classifies what is said, an ordered list.
CREATE TABLE labels (
    name TEXT PRIMARY KEY NOT NULL,
    -- What it means, in a line.
    meaning TEXT NOT NULL,
    -- Its place in the list, the lowest first.
    position BIGINT NOT NULL,
    -- When it last came to mean something else for what has it: a rule about labels is asked again since.
    changed_at BIGINT NOT NULL,
    -- It is in the list no more; what has it still has it.
    removed_at BIGINT
);

-- By name, and without a reference: what has a label that the list does not know is kept inside.
-- The least that is said in a group has.
ALTER TABLE groups ADD COLUMN label TEXT;
-- A post's own, above that of its group and of its topic. NULL: as they are.
ALTER TABLE posts ADD COLUMN label TEXT;
