/**
 * The function that appends a group.
 *
 * What makes it right, in this order:
 * 1. The lock of the log is taken. It is there for throughput: without it a writer does its work in vain.
 * 2. Head and clock are read, under the lock and before anything is checked. What commits after that, by a writer that
 *    took no lock, gives out the same positions, and one of the two fails on the primary key: never a hole, never an
 *    overwrite. That one begins again at 2.
 * 3. Every append is judged in order: its id, its expectations against the stored streams and what the group has accepted,
 *    its condition against the stored events and the accepted ones. A loser costs nobody else anything.
 * 4. What was accepted is inserted: dense positions, marks over the very bytes that are stored, outcomes; one NOTIFY.
 *
 * Each statement of a function has a snapshot of its own only under READ COMMITTED, so any other level is refused.
 *
 * Plans are pinned to index probes: a join over a log of millions would hold the lock for seconds, and array parameters make
 * the planner plan anew at each call. Each probe is a subquery with LIMIT, which the planner cannot turn into a join: in a
 * new schema it would otherwise choose, for a table that is still empty, to read the whole log at each call, and keep to it.
 */

/** Statuses that the function answers, by append. */
export const STATUS = {
  accepted: 0,
  /** The id is known; its outcome stands in `known`. */
  known: 1,
  /** `detail`: which stream of the append; `actual`: its revision. */
  wrongRevision: 2,
  /** `detail`: position of a matching event. */
  conditionFailed: 3,
  /** `detail`: place of the event in the append. */
  duplicateEvent: 4,
} as const;

/** How the function is told an expectation that is a word. */
export const EXPECTED_NUMBER = { 'no-stream': -1, 'stream-exists': -2, any: -3 } as const;

/** SQLSTATE of a call under another isolation level. */
export const WRONG_ISOLATION = 'DB001';

export function appendFunctionSql(s: string): string {
  return `
    -- First matching position for each append whose condition is met. An item has a tag, or types, or neither.
    CREATE FUNCTION ${s}.condition_hits(p_log integer, p_head bigint, p_conditions json)
    RETURNS TABLE (append integer, hit bigint) LANGUAGE plpgsql STABLE ${PINNED} AS $function$
    #variable_conflict use_column
    BEGIN
      RETURN QUERY
      WITH item AS MATERIALIZED (
        SELECT r.a, r.f, r.g ->> 0 AS tag,
          ARRAY(SELECT g.tag FROM json_array_elements_text(r.g) WITH ORDINALITY AS g(tag, n) WHERE g.n > 1) AS others,
          CASE WHEN r.t IS NOT NULL THEN ARRAY(SELECT json_array_elements_text(r.t)) END AS types
        FROM json_to_recordset(p_conditions) AS r(a integer, f bigint, g json, t json)
      )
      SELECT item.a, found.position FROM item CROSS JOIN LATERAL (
        SELECT tags.position FROM ${s}.tags
        WHERE tags.log = p_log AND tags.tag = item.tag AND tags.position > item.f
          AND (item.types IS NULL OR tags.type = ANY (item.types))
          AND NOT EXISTS (
            SELECT 1 FROM unnest(item.others) AS wanted(tag) WHERE (
              SELECT true FROM ${s}.tags AS other
              WHERE other.log = p_log AND other.tag = wanted.tag AND other.position = tags.position LIMIT 1) IS NULL)
        ORDER BY tags.position LIMIT 1
      ) AS found WHERE item.tag IS NOT NULL
      UNION ALL
      SELECT item.a, found.position FROM item CROSS JOIN LATERAL unnest(item.types) AS wanted(type) CROSS JOIN LATERAL (
        SELECT events.position FROM ${s}.events
        WHERE events.log = p_log AND events.type = wanted.type AND events.position > item.f
        ORDER BY events.type, events.position LIMIT 1
      ) AS found WHERE item.tag IS NULL
      UNION ALL
      SELECT item.a, p_head FROM item WHERE item.tag IS NULL AND item.types IS NULL AND item.f < p_head;
    END $function$;

    CREATE FUNCTION ${s}.append_group(
      p_name text,               -- of the log, which is made where there is none
      p_now bigint,              -- null: the server's own clock, as it should be
      p_ids text[],              -- of the appends
      p_appends json,            -- [{ i: id, h: content hash, o: outcome, s: [stream] }]
      p_last_pairs integer[],    -- for each append, the last of its pairs
      p_streams text[],          -- the streams of the group, each once
      p_pair_streams integer[],  -- a pair is a stream of an append: which one,
      p_pair_expected bigint[],  -- what it expects,
      p_pair_counts integer[],   -- and how many events it adds
      p_events json,             -- [{ a: append, p: pair, o: place in the append, r: place in the pair, s, i, t, v, g, d, m }]
      p_has_tags boolean,
      p_conditions json,         -- [{ a: append, f: after, g: [tag], t: [type] }], or null
      p_meets bigint[]           -- four for each event of an earlier append that concerns a later one, in order of the later:
                                 -- append, other append, place in the other, after; or -2 - place for an event id met twice
    ) RETURNS TABLE (
      head bigint, head_mark text, recorded_at bigint, statuses integer[], details bigint[], actuals bigint[],
      revisions bigint[], marks text[], known json
    ) LANGUAGE plpgsql ${PINNED} AS $function$
    #variable_conflict use_column
    DECLARE
      v_log integer;
      v_count integer := cardinality(p_ids);
      v_pairs integer := cardinality(p_pair_streams);
      v_duplicate integer[] := array_fill(-1, ARRAY[v_count]);
      v_status integer[]; v_detail bigint[]; v_actual bigint[]; v_hit bigint[];
      v_first bigint[]; v_last bigint[]; v_base bigint[]; v_after bigint[]; v_revision bigint[];
      v_head bigint; v_mark text; v_latest bigint; v_clock bigint; v_now bigint; v_imported boolean; v_number bigint;
      v_next bigint; v_pair integer; v_stream integer; v_wanted bigint; v_meet integer; v_place bigint;
      v_marks text[]; v_known json; v_row record; v_constraint text; v_isolation text;
    BEGIN
      v_isolation := current_setting('transaction_isolation');
      IF v_isolation <> 'read committed' THEN
        RAISE EXCEPTION 'append_group was called at isolation level %; it needs read committed', v_isolation
          USING ERRCODE = '${WRONG_ISOLATION}';
      END IF;
      SELECT logs.log INTO v_log FROM ${s}.logs WHERE logs.name = p_name;
      IF NOT FOUND THEN
        INSERT INTO ${s}.logs (name) VALUES (p_name) ON CONFLICT DO NOTHING;
        SELECT logs.log INTO v_log FROM ${s}.logs WHERE logs.name = p_name;
      END IF;
      PERFORM pg_advisory_xact_lock('${s}.events'::regclass::oid::integer, v_log);
      FOR v_attempt IN 1..${ATTEMPTS_MAX} LOOP
        v_head := -1; v_mark := ''; v_latest := 0;
        SELECT events.position, events.mark, events.recorded_at INTO v_head, v_mark, v_latest
          FROM ${s}.events WHERE events.log = v_log ORDER BY events.position DESC LIMIT 1;
        IF NOT FOUND THEN v_head := -1; v_mark := ''; v_latest := 0; END IF;
        SELECT logs.clock, logs.imported, logs.pruned INTO v_clock, v_imported, v_number
          FROM ${s}.logs WHERE logs.log = v_log;
        v_number := greatest(v_number, (
          SELECT appends.number FROM ${s}.appends WHERE appends.log = v_log ORDER BY appends.number DESC LIMIT 1));
        v_now := coalesce(p_now, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
        v_now := greatest(v_now, v_latest, v_clock);

        v_status := array_fill(0, ARRAY[v_count]); v_marks := NULL;
        v_detail := array_fill(-1::bigint, ARRAY[v_count]); v_actual := v_detail; v_hit := v_detail;
        v_first := v_detail; v_last := v_detail;
        v_after := array_fill(-1::bigint, ARRAY[v_pairs]); v_base := v_after;
        FOR v_row IN
          SELECT asked.n FROM unnest(p_ids) WITH ORDINALITY AS asked(id, n) CROSS JOIN LATERAL (
            SELECT 1 FROM ${s}.appends WHERE appends.log = v_log AND appends.id = asked.id LIMIT 1) AS there
        LOOP v_status[v_row.n] := ${STATUS.known}; END LOOP;
        SELECT array_agg(coalesce((
            SELECT events.revision FROM ${s}.events WHERE events.log = v_log AND events.stream = asked.stream
            ORDER BY events.revision DESC LIMIT 1), -1) ORDER BY asked.n)
          INTO v_revision FROM unnest(p_streams) WITH ORDINALITY AS asked(stream, n);
        IF p_conditions IS NOT NULL THEN
          FOR v_row IN SELECT found.append, found.hit FROM ${s}.condition_hits(v_log, v_head, p_conditions) AS found
          LOOP v_hit[v_row.append] := v_row.hit; END LOOP;
        END IF;

        v_next := v_head + 1; v_pair := 1; v_meet := 1;
        FOR v_append IN 1..v_count LOOP
          IF v_status[v_append] = 0 THEN
            FOR v_at IN v_pair..p_last_pairs[v_append] LOOP
              v_wanted := p_pair_expected[v_at];
              v_stream := p_pair_streams[v_at];
              CONTINUE WHEN v_wanted = v_revision[v_stream] OR v_wanted = ${EXPECTED_NUMBER.any}
                OR (v_wanted = ${EXPECTED_NUMBER['stream-exists']} AND v_revision[v_stream] >= 0);
              v_status[v_append] := ${STATUS.wrongRevision};
              v_detail[v_append] := v_at - v_pair;
              v_actual[v_append] := v_revision[v_stream];
              EXIT;
            END LOOP;
          END IF;
          IF v_status[v_append] = 0 AND v_hit[v_append] >= 0 THEN
            v_status[v_append] := ${STATUS.conditionFailed};
            v_detail[v_append] := v_hit[v_append];
          END IF;
          IF v_status[v_append] = 0 AND v_duplicate[v_append] >= 0 THEN
            v_status[v_append] := ${STATUS.duplicateEvent};
            v_detail[v_append] := v_duplicate[v_append];
          END IF;
          WHILE v_meet < cardinality(p_meets) AND p_meets[v_meet] = v_append LOOP
            IF v_status[v_append] = 0 AND v_status[p_meets[v_meet + 1]] = 0 THEN
              v_place := v_first[p_meets[v_meet + 1]] + p_meets[v_meet + 2];
              IF p_meets[v_meet + 3] <= -2 THEN
                v_status[v_append] := ${STATUS.duplicateEvent};
                v_detail[v_append] := -2 - p_meets[v_meet + 3];
              ELSIF v_place > p_meets[v_meet + 3] THEN
                v_status[v_append] := ${STATUS.conditionFailed};
                v_detail[v_append] := v_place;
              END IF;
            END IF;
            v_meet := v_meet + 4;
          END LOOP;
          IF v_status[v_append] = 0 THEN
            v_first[v_append] := v_next;
            FOR v_at IN v_pair..p_last_pairs[v_append] LOOP
              v_stream := p_pair_streams[v_at];
              v_base[v_at] := v_revision[v_stream];
              v_after[v_at] := v_base[v_at] + p_pair_counts[v_at];
              v_revision[v_stream] := v_after[v_at];
              v_next := v_next + p_pair_counts[v_at];
            END LOOP;
            v_last[v_append] := v_next - 1;
          END IF;
          v_pair := p_last_pairs[v_append] + 1;
        END LOOP;
        EXIT WHEN NOT (0 = ANY (v_status));

        BEGIN
          IF v_next > v_head + 1 THEN
            WITH inserted AS (
              INSERT INTO ${s}.events (log, position, stream, revision, type, schema_version, recorded_at,
                commit_position, mark, id, tags, data, metadata)
              SELECT v_log, v_first[e.a] + e.o, e.s, v_base[e.p] + e.r, e.t, e.v, v_now, v_last[e.a],
                left(encode(sha256(convert_to(concat_ws(E'\\n', e.i, v_now, e.s, v_base[e.p] + e.r, e.t, e.v,
                  coalesce(e.d, 'null')::text, e.m::text), 'UTF8')), 'hex'), 16),
                e.i, e.g, coalesce(e.d, 'null'), e.m
              FROM json_to_recordset(p_events) AS e(a integer, p integer, o integer, r integer,
                s text, i text, t text, v bigint, g json, d json, m json)
              WHERE v_status[e.a] = 0
              RETURNING events.position, events.commit_position, events.mark
            )
            SELECT array_agg(inserted.mark ORDER BY inserted.position) INTO v_marks
              FROM inserted WHERE inserted.position = inserted.commit_position;
            IF p_has_tags THEN
              INSERT INTO ${s}.tags (log, tag, position, type)
              SELECT v_log, tag.name, v_first[e.a] + e.o, e.t
              FROM json_to_recordset(p_events) AS e(a integer, o integer, t text, g json)
              CROSS JOIN LATERAL json_array_elements_text(e.g) AS tag(name)
              WHERE e.g IS NOT NULL AND v_status[e.a] = 0;
            END IF;
          END IF;
          INSERT INTO ${s}.appends (log, number, id, content_hash, outcome, first, last, head, recorded_at, streams, revisions)
          SELECT v_log, v_number + row_number() OVER (ORDER BY a.n), a.i, a.h, a.o,
            CASE WHEN v_last[a.n] >= v_first[a.n] THEN v_first[a.n] END,
            CASE WHEN v_last[a.n] >= v_first[a.n] THEN v_last[a.n] END,
            v_last[a.n], v_now, a.s, v_after[coalesce(p_last_pairs[a.n - 1], 0) + 1 : p_last_pairs[a.n]]
          FROM ROWS FROM (json_to_recordset(p_appends) AS (i text, h text, o json, s json)) WITH ORDINALITY AS a(i, h, o, s, n)
          WHERE v_status[a.n] = 0;
          IF v_imported THEN UPDATE ${s}.logs SET imported = false WHERE logs.log = v_log; END IF;
          EXIT;
        EXCEPTION WHEN unique_violation THEN
          -- Everything of this block is undone. Either an event's id is in the log, or a writer without the lock was here.
          GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
          IF v_attempt = ${ATTEMPTS_MAX} THEN RAISE; END IF;
          IF v_constraint = 'events_id' THEN
            FOR v_row IN
              SELECT e.a, min(e.o) AS o FROM json_to_recordset(p_events) AS e(a integer, o integer, i text) CROSS JOIN LATERAL (
                SELECT 1 FROM ${s}.events WHERE events.log = v_log AND events.id = e.i LIMIT 1) AS there
              GROUP BY e.a
            LOOP v_duplicate[v_row.a] := v_row.o; END LOOP;
          END IF;
        END;
      END LOOP;
      IF v_next > v_head + 1 THEN
        PERFORM pg_notify('daybook_' || '${s}.events'::regclass::oid, 'e' || (v_next - 1) || ' ' || p_name);
      END IF;
      IF ${STATUS.known} = ANY (v_status) THEN
        SELECT json_agg(json_build_array(a.id, a.content_hash, a.outcome, a.first, a.last, a.head,
            coalesce((SELECT events.mark FROM ${s}.events WHERE events.log = v_log AND events.position = a.head), ''),
            a.recorded_at, a.streams, a.revisions))
          INTO v_known FROM unnest(p_ids) WITH ORDINALITY AS asked(id, n)
          CROSS JOIN LATERAL (
            SELECT * FROM ${s}.appends WHERE appends.log = v_log AND appends.id = asked.id LIMIT 1) AS a
          WHERE v_status[asked.n] = ${STATUS.known};
      END IF;
      RETURN QUERY SELECT v_head, v_mark, v_now, v_status, v_detail, v_actual, v_after, v_marks, v_known;
    END $function$;
  `;
}

/** How often a group begins again when another writer came between. */
const ATTEMPTS_MAX = 5;

/** Index probes, planned once. */
export const PINNED = `
  SET plan_cache_mode = force_generic_plan
  SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off`;
