UPDATE posts SET comments = comments + (
    SELECT COUNT(*) FROM refusals r JOIN posts c ON c.id = r.post_id
    WHERE r.kind = 'post_created' AND c.topic_id = posts.id AND c.parent_id IS NOT NULL AND c.audience = 'group'
)
WHERE id IN (SELECT c.topic_id FROM refusals r JOIN posts c ON c.id = r.post_id);
ALTER TABLE refusals DROP COLUMN let_in;
