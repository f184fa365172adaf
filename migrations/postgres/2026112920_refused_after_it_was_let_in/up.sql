-- Whether the house let it in and refused it afterwards: it knows the activity, so only a new one can bring
-- it there.
ALTER TABLE refusals ADD COLUMN let_in BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE refusals SET let_in = TRUE WHERE EXISTS (
    SELECT 1 FROM deliveries d
    WHERE d.post_id = refusals.post_id AND d.event_id = refusals.event_id AND d.state = 'sent'
);
-- Such a delivery is one that was refused, as others are, and can be tried again.
UPDATE deliveries SET state = 'failed', last_error = 'let in, and refused afterwards'
WHERE state = 'sent' AND event_id IN (
    SELECT r.event_id FROM refusals r WHERE r.let_in AND r.kind IN ('post_created', 'post_deleted', 'unliked')
);
-- What the house of its group did not take is not among the comments that its topic tells of.
UPDATE posts SET comments = comments - (
    SELECT COUNT(*) FROM refusals r JOIN posts c ON c.id = r.post_id
    WHERE r.kind = 'post_created' AND c.topic_id = posts.id AND c.parent_id IS NOT NULL AND c.audience = 'group'
)
WHERE id IN (SELECT c.topic_id FROM refusals r JOIN posts c ON c.id = r.post_id);
