//! The tables, as both databases have them. Kept by hand beside the migrations; a test compares
//! all three.
#![allow(missing_docs, reason = "columns are described in the migrations")]

diesel::table! {
    actors (id) {
        id -> BigInt,
        kind -> Text,
        state -> Text,
        name -> Text,
        host -> Text,
        uri -> Text,
        url -> Text,
        display_name -> Text,
        summary -> Text,
        inbox -> Text,
        shared_inbox -> Nullable<Text>,
        followers -> Nullable<Text>,
        outbox -> Nullable<Text>,
        created_at -> BigInt,
        fetched_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    actor_keys (uri) {
        uri -> Text,
        actor_id -> BigInt,
        public_pem -> Text,
        private_pem -> Nullable<Text>,
        created_at -> BigInt,
        list -> Text,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    actor_documents (actor_id) {
        actor_id -> BigInt,
        body -> Text,
        signed_at -> BigInt,
    }
}

diesel::table! {
    key_pool (id) {
        id -> BigInt,
        private_pem -> Text,
        public_pem -> Text,
    }
}

diesel::table! {
    accounts (actor_id) {
        actor_id -> BigInt,
        email -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        disabled_at -> Nullable<BigInt>,
        created_at -> BigInt,
        followers -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        token_hash -> Text,
        actor_id -> BigInt,
        agent -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    tokens (id) {
        id -> BigInt,
        token_hash -> Text,
        actor_id -> BigInt,
        client -> Text,
        scopes -> Text,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    groups (actor_id) {
        actor_id -> BigInt,
        access -> Text,
        stage -> Text,
        description -> Text,
        archived_at -> Nullable<BigInt>,
        withdrawn_at -> Nullable<BigInt>,
        created_at -> BigInt,
        token_source -> Nullable<Text>,
        featured -> Nullable<Text>,
        moderators -> Nullable<Text>,
        moved_to -> Nullable<Text>,
        also_known_as -> Nullable<Text>,
        mirror -> Text,
        boosts -> Text,
        first_contact -> Text,
        label -> Nullable<Text>,
    }
}

diesel::table! {
    memberships (group_id, actor_id) {
        group_id -> BigInt,
        actor_id -> BigInt,
        state -> Text,
        role -> Text,
        follow_uri -> Nullable<Text>,
        banned_until -> Nullable<BigInt>,
        since -> BigInt,
    }
}

diesel::table! {
    bans (group_id, actor_id) {
        group_id -> BigInt,
        actor_id -> BigInt,
        uri -> Text,
        reason -> Text,
        removes_posts -> Bool,
    }
}

diesel::table! {
    moderators_elsewhere (group_id, uri) {
        group_id -> BigInt,
        uri -> Text,
    }
}

diesel::table! {
    moves (offer) {
        offer -> Text,
        group_uri -> Text,
        host -> Text,
        leaving -> Bool,
        target_uri -> Nullable<Text>,
        created_at -> BigInt,
        ended -> Nullable<Text>,
    }
}

diesel::table! {
    grant_templates (name) {
        name -> Text,
        title -> Text,
        capabilities -> Text,
        join_mode -> Nullable<Text>,
        days -> Nullable<Integer>,
        history -> Text,
        apart -> Bool,
    }
}

diesel::table! {
    proposals (id) {
        id -> BigInt,
        act -> Text,
        sentence -> Text,
        state -> Text,
        proposed_by -> Nullable<BigInt>,
        proposer -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    stops (id) {
        id -> BigInt,
        target -> Text,
        host -> Text,
        group_id -> Nullable<BigInt>,
        reason -> Text,
        stopped_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    follows (follower_id, followed_id) {
        follower_id -> BigInt,
        followed_id -> BigInt,
        state -> Text,
        uri -> Text,
        since -> BigInt,
    }
}

diesel::table! {
    partners (id) {
        id -> BigInt,
        host -> Text,
        class -> Text,
        state -> Text,
        organization -> Text,
        instance_uri -> Nullable<Text>,
        mutual -> Bool,
        created_at -> BigInt,
        agreement -> Nullable<Text>,
        ended_by -> Nullable<Text>,
        ended_at -> Nullable<BigInt>,
        discreet -> Bool,
        purpose -> Text,
        contact -> Text,
        until_at -> Nullable<BigInt>,
        confirm_months -> Nullable<Integer>,
        confirmed_at -> Nullable<BigInt>,
        their_purpose -> Text,
        their_contact -> Text,
        their_until_at -> Nullable<BigInt>,
        paused_for -> Nullable<Text>,
        looked_at -> BigInt,
    }
}

diesel::table! {
    invitations (id) {
        id -> BigInt,
        code_hash -> Text,
        class -> Text,
        expires_at -> BigInt,
        used_by -> Nullable<Text>,
        created_at -> BigInt,
        purpose -> Text,
        contact -> Text,
        until_at -> Nullable<BigInt>,
        confirm_months -> Nullable<Integer>,
    }
}

diesel::table! {
    offered_keys (partner_id, uri) {
        partner_id -> BigInt,
        uri -> Text,
        list -> Text,
        public_pem -> Text,
        expires_at -> Nullable<BigInt>,
        seen_at -> BigInt,
    }
}

diesel::table! {
    partner_views (host) {
        host -> Text,
        at -> BigInt,
        view -> Text,
    }
}

diesel::table! {
    probes (host) {
        host -> Text,
        at -> BigInt,
        grade -> Text,
        findings -> Text,
    }
}

diesel::table! {
    grants (id) {
        id -> BigInt,
        group_id -> BigInt,
        partner_id -> BigInt,
        capabilities -> Text,
        join_mode -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
        history_from -> BigInt,
        apart -> Bool,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        reviewed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    received_grants (group_id) {
        group_id -> BigInt,
        uri -> Text,
        capabilities -> Text,
        join_mode -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
        history_from -> BigInt,
    }
}

diesel::table! {
    posts (id) {
        id -> BigInt,
        uri -> Text,
        group_id -> Nullable<BigInt>,
        author_id -> BigInt,
        topic_id -> BigInt,
        parent_id -> Nullable<BigInt>,
        title -> Nullable<Text>,
        source -> Nullable<Text>,
        html -> Text,
        audience -> Text,
        state -> Text,
        locked -> Bool,
        pinned -> Bool,
        shared_by_exception -> Bool,
        created_at -> BigInt,
        topic_created_at -> BigInt,
        edited_at -> Nullable<BigInt>,
        comments -> Integer,
        likes -> Integer,
        active_at -> BigInt,
        interaction -> Nullable<Text>,
        label -> Nullable<Text>,
    }
}

diesel::table! {
    mirrored_people (actor_id) {
        actor_id -> BigInt,
        since_at -> BigInt,
    }
}

diesel::table! {
    attachments (id) {
        id -> BigInt,
        owner_id -> BigInt,
        post_id -> Nullable<BigInt>,
        place -> Integer,
        kind -> Text,
        media_type -> Text,
        name -> Text,
        description -> Text,
        focus -> Nullable<Text>,
        width -> Nullable<Integer>,
        height -> Nullable<Integer>,
        blurhash -> Nullable<Text>,
        origin -> Nullable<Text>,
        origin_digest -> Nullable<Text>,
        failed -> Bool,
        digest -> Nullable<Text>,
        preview -> Nullable<Text>,
        bytes -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    dropped_files (digest) {
        digest -> Text,
    }
}

diesel::table! {
    revisions (id) {
        id -> BigInt,
        post_id -> BigInt,
        title -> Nullable<Text>,
        html -> Text,
        until_at -> BigInt,
        source -> Nullable<Text>,
    }
}

diesel::table! {
    removals (post_id) {
        post_id -> BigInt,
        reason -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    mentions (post_id, actor_id) {
        post_id -> BigInt,
        actor_id -> BigInt,
    }
}

diesel::table! {
    reactions (post_id, actor_id) {
        post_id -> BigInt,
        actor_id -> BigInt,
        uri -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    refusals (event_id) {
        event_id -> BigInt,
        kind -> Text,
        post_id -> BigInt,
        actor_id -> BigInt,
        host -> Text,
        cause -> Text,
        activity_uri -> Text,
        title -> Nullable<Text>,
        source -> Nullable<Text>,
        html -> Nullable<Text>,
        at -> BigInt,
        let_in -> Bool,
    }
}

diesel::table! {
    polls (post_id) {
        post_id -> BigInt,
        multiple -> Bool,
        hides_totals -> Bool,
        ends_at -> Nullable<BigInt>,
        voters -> Nullable<Integer>,
        told_at -> Nullable<BigInt>,
        tell_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    poll_options (post_id, position) {
        post_id -> BigInt,
        position -> Integer,
        title -> Text,
        votes -> Nullable<Integer>,
    }
}

diesel::table! {
    poll_votes (post_id, actor_id, position) {
        post_id -> BigInt,
        actor_id -> BigInt,
        position -> Integer,
        voted_at -> BigInt,
    }
}

diesel::table! {
    dislikes (post_id, actor_id) {
        post_id -> BigInt,
        actor_id -> BigInt,
        uri -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    kept_activities (post_id, actor_id, kind) {
        post_id -> BigInt,
        actor_id -> BigInt,
        kind -> Text,
        body -> Text,
    }
}

diesel::table! {
    approvals (id) {
        id -> BigInt,
        interaction -> Text,
        post_id -> BigInt,
        by_id -> BigInt,
        interacting -> Text,
        request -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    person_ways (actor_id) {
        actor_id -> BigInt,
        also_known_as -> Text,
        moved_to -> Nullable<Text>,
    }
}

diesel::table! {
    boosts (id) {
        id -> BigInt,
        post_id -> BigInt,
        actor_id -> BigInt,
        uri -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    bookmarks (id) {
        id -> BigInt,
        actor_id -> BigInt,
        post_id -> BigInt,
    }
}

diesel::table! {
    reports (id) {
        id -> BigInt,
        group_id -> BigInt,
        post_id -> BigInt,
        by_id -> BigInt,
        text -> Text,
        forwarded -> Bool,
        created_at -> BigInt,
        resolved_at -> Nullable<BigInt>,
        resolved_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    outbound_rules (id) {
        id -> BigInt,
        group_id -> Nullable<BigInt>,
        partner_id -> Nullable<BigInt>,
        kind -> Text,
        condition -> Text,
        outcome -> Text,
        sentence -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    labels (name) {
        name -> Text,
        meaning -> Text,
        position -> BigInt,
        changed_at -> BigInt,
        removed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    holds (post_id, host) {
        post_id -> BigInt,
        host -> Text,
        state -> Text,
        sentence -> Text,
        news -> Text,
        below_id -> Nullable<BigInt>,
        since_at -> BigInt,
    }
}

diesel::table! {
    released (post_id) {
        post_id -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    acquaintances (group_id, actor_id) {
        group_id -> BigInt,
        actor_id -> BigInt,
        spoke -> Bool,
    }
}

diesel::table! {
    first_posts (post_id) {
        post_id -> BigInt,
        activity -> Nullable<Text>,
        turned_away -> Bool,
    }
}

diesel::table! {
    tombstones (uri) {
        uri -> Text,
        at -> BigInt,
        host -> Text,
    }
}

diesel::table! {
    post_hosts (post_id, host) {
        post_id -> BigInt,
        host -> Text,
        inbox -> Text,
    }
}

diesel::table! {
    invited_handles (group_id, host, name) {
        group_id -> BigInt,
        host -> Text,
        name -> Text,
        role -> Text,
        since -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        kind -> Text,
        actor_id -> BigInt,
        group_id -> Nullable<BigInt>,
        post_id -> Nullable<BigInt>,
        object_id -> Nullable<BigInt>,
        activity -> Nullable<Text>,
        at -> BigInt,
        planned_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    untold (event_id) {
        event_id -> BigInt,
        problem -> Text,
        since -> BigInt,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        body -> Text,
        digest -> Nullable<Text>,
        written_at -> Nullable<BigInt>,
        bytes -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> BigInt,
        event_id -> BigInt,
        message_id -> BigInt,
        host -> Text,
        inbox -> Text,
        lane -> BigInt,
        signer_id -> BigInt,
        ground -> Text,
        group_id -> Nullable<BigInt>,
        post_id -> Nullable<BigInt>,
        activity_uri -> Text,
        state -> Text,
        attempts -> Integer,
        next_attempt_at -> BigInt,
        lease_until -> BigInt,
        last_status -> Nullable<Integer>,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        first_in_lane -> Bool,
    }
}

diesel::table! {
    destinations (host) {
        host -> Text,
        last_success_at -> Nullable<BigInt>,
        last_error_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        failures -> Integer,
        not_before -> BigInt,
        gap -> BigInt,
        gap_limit -> BigInt,
        probe_id -> Nullable<BigInt>,
        clock_difference -> Nullable<BigInt>,
    }
}

diesel::table! {
    peers (host) {
        host -> Text,
        signature -> Text,
        learned -> Text,
        learned_at -> BigInt,
    }
}

diesel::table! {
    dialects (host) {
        host -> Text,
        learned -> Nullable<Text>,
        evidence -> Nullable<Text>,
        software -> Nullable<Text>,
        asked_at -> Nullable<BigInt>,
        chosen -> Nullable<Text>,
        chosen_by -> Nullable<Text>,
        trusted_by -> Nullable<Text>,
    }
}

diesel::table! {
    arrivals (id) {
        id -> BigInt,
        activity_uri -> Text,
        signer_id -> BigInt,
        host -> Text,
        body -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        attempts -> Integer,
        next_attempt_at -> BigInt,
        lease_until -> BigInt,
        received_at -> BigInt,
        applied_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        work -> Text,
        state -> Text,
        attempts -> Integer,
        next_attempt_at -> BigInt,
        lease_until -> BigInt,
        problem -> Nullable<Text>,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> BigInt,
        who -> Text,
        action -> Text,
        subject -> Text,
        detail -> Text,
    }
}

diesel::table! {
    audit_links (number) {
        number -> BigInt,
        line_id -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    ledger (id) {
        id -> BigInt,
        at -> BigInt,
        way -> Text,
        outcome -> Text,
        reason -> Nullable<Text>,
        host -> Text,
        reader -> Nullable<Text>,
        grant_id -> Nullable<BigInt>,
        group_uri -> Nullable<Text>,
        matter -> Text,
        object -> Text,
        by_uri -> Nullable<Text>,
        digest -> Nullable<Text>,
        written_at -> Nullable<BigInt>,
        bytes -> BigInt,
    }
}

diesel::table! {
    ledger_links (number) {
        number -> BigInt,
        line_id -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    comparisons (host) {
        host -> Text,
        at -> BigInt,
        result -> Text,
    }
}

diesel::table! {
    received (id) {
        id -> BigInt,
        host -> Text,
        group_uri -> Text,
        object -> Text,
        digest -> Text,
        written_at -> BigInt,
    }
}

diesel::table! {
    retractions (id) {
        id -> BigInt,
        host -> Text,
        group_id -> BigInt,
        cause -> Text,
        can_confirm -> Bool,
        asked_by -> Text,
        asked_at -> BigInt,
        repeated_at -> BigInt,
        answered_at -> Nullable<BigInt>,
        said -> Nullable<Integer>,
    }
}

diesel::table! {
    retracted (retraction_id, post_id) {
        retraction_id -> BigInt,
        post_id -> BigInt,
        confirmed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    taken_back (post_id) {
        post_id -> BigInt,
        host -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    security_log (id) {
        id -> BigInt,
        at -> BigInt,
        reason -> Text,
        claimed_actor -> Text,
        peer -> Text,
    }
}

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::joinable!(accounts -> actors (actor_id));
diesel::joinable!(groups -> actors (actor_id));
diesel::joinable!(memberships -> actors (actor_id));
diesel::joinable!(sessions -> accounts (actor_id));
diesel::joinable!(tokens -> accounts (actor_id));

diesel::allow_tables_to_appear_in_same_query!(
    actors,
    actor_keys,
    actor_documents,
    key_pool,
    accounts,
    sessions,
    tokens,
    groups,
    memberships,
    bans,
    moderators_elsewhere,
    moves,
    grant_templates,
    proposals,
    stops,
    follows,
    partners,
    invitations,
    offered_keys,
    partner_views,
    probes,
    grants,
    received_grants,
    posts,
    attachments,
    dropped_files,
    revisions,
    removals,
    mirrored_people,
    mentions,
    reactions,
    refusals,
    polls,
    poll_options,
    poll_votes,
    dislikes,
    boosts,
    bookmarks,
    kept_activities,
    approvals,
    person_ways,
    reports,
    outbound_rules,
    labels,
    holds,
    released,
    acquaintances,
    first_posts,
    tombstones,
    post_hosts,
    invited_handles,
    events,
    untold,
    messages,
    deliveries,
    destinations,
    peers,
    dialects,
    arrivals,
    jobs,
    audit,
    audit_links,
    ledger,
    ledger_links,
    comparisons,
    received,
    retractions,
    retracted,
    taken_back,
    security_log,
    settings
);
