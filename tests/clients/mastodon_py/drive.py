"""Somebody works in a group with Mastodon.py: every call a client makes of what is there."""

import sys

from mastodon import Mastodon, MastodonNotFoundError

origin, token, other_token = sys.argv[1:]
ada = Mastodon(access_token=token, api_base_url=origin, version_check_mode="none")
cy = Mastodon(access_token=other_token, api_base_url=origin, version_check_mode="none")

assert "Guildhall" in ada.instance().version
assert ada.instance_v2().registrations.enabled is False
me = ada.account_verify_credentials()
assert me.acct == "ada" and me == ada.me()

group = ada.search_v2("engineering", resolve=True, result_type="accounts").accounts[0]
assert group.group and ada.account_relationships(group)[0].following

topic = ada.status_post("Bridge opens @engineering\n\nOn Monday.", visibility="public", sensitive=False)
assert topic.content.startswith("<p><strong>Bridge opens</strong></p>")
assert topic.visibility == "private"

reply = cy.status_post("At last", in_reply_to_id=topic, idempotency_key="once")
assert cy.status_post("At last", in_reply_to_id=topic, idempotency_key="once").id == reply.id
assert reply.in_reply_to_id == topic.id and reply.in_reply_to_account_id == me.id
answer = ada.status_reply(reply, "Indeed")
context = ada.status_context(reply)
assert [above.id for above in context.ancestors] == [topic.id]
assert [below.id for below in context.descendants] == [answer.id]

assert cy.status_favourite(topic).favourites_count == 1
assert ada.status(topic).favourites_count == 1 and not ada.status(topic).favourited
assert cy.status_unfavourite(topic).favourites_count == 0

source = ada.status_source(topic)
assert source.text == "Bridge opens @engineering\n\nOn Monday."
changed = ada.status_update(topic, source.text.replace("Monday", "Tuesday"))
assert "Tuesday" in changed.content and changed.edited_at
assert len(ada.status_history(topic)) == 2

for number in range(4):
    ada.status_post(f"Topic {number} @engineering")
first = cy.timeline_home(limit=3)
rest = cy.fetch_next(first)
assert [len(first), len(rest)] == [3, 2] and rest[-1].id == topic.id
assert not cy.fetch_next(rest)
assert [status.id for status in cy.timeline_home(since_id=first[0])] == []
assert {status.group.acct for status in cy.account_statuses(group)} == {"engineering"}

assert ada.status_delete(topic).text.startswith("Bridge opens")
try:
    cy.status(topic)
    raise AssertionError("it is still there")
except MastodonNotFoundError:
    pass
print("Mastodon.py is content", file=sys.stderr)
