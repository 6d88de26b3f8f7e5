/** Functions about one log: positions that a query can mean, instants, forgetting. */
import { PINNED } from './append-function.ts';

/** Outcomes that are looked at in one step of forgetting. */
export const PRUNE_STEP_SIZE = 5_000;

export function logFunctionsSql(s: string): string {
  return `
    -- For each tag, then each type, the first positions between two (inclusive) that carry it, in the order that is asked for.
    CREATE FUNCTION ${s}.matching_positions(
      p_log integer, p_tags text[], p_types text[], p_low bigint, p_high bigint, p_limit integer, p_down boolean
    ) RETURNS TABLE (list bigint, place bigint) LANGUAGE plpgsql STABLE ${PINNED} AS $function$
    #variable_conflict use_column
    BEGIN
      IF p_down THEN
        RETURN QUERY
        SELECT asked.n, found.position FROM unnest(p_tags) WITH ORDINALITY AS asked(tag, n) CROSS JOIN LATERAL (
          SELECT tags.position FROM ${s}.tags
          WHERE tags.log = p_log AND tags.tag = asked.tag AND tags.position BETWEEN p_low AND p_high
          ORDER BY tags.tag DESC, tags.position DESC LIMIT p_limit) AS found
        UNION ALL
        SELECT asked.n + cardinality(p_tags), found.position FROM unnest(p_types) WITH ORDINALITY AS asked(type, n) CROSS JOIN LATERAL (
          SELECT events.position FROM ${s}.events
          WHERE events.log = p_log AND events.type = asked.type AND events.position BETWEEN p_low AND p_high
          ORDER BY events.type DESC, events.position DESC LIMIT p_limit) AS found;
      ELSE
        RETURN QUERY
        SELECT asked.n, found.position FROM unnest(p_tags) WITH ORDINALITY AS asked(tag, n) CROSS JOIN LATERAL (
          SELECT tags.position FROM ${s}.tags
          WHERE tags.log = p_log AND tags.tag = asked.tag AND tags.position BETWEEN p_low AND p_high
          ORDER BY tags.tag, tags.position LIMIT p_limit) AS found
        UNION ALL
        SELECT asked.n + cardinality(p_tags), found.position FROM unnest(p_types) WITH ORDINALITY AS asked(type, n) CROSS JOIN LATERAL (
          SELECT events.position FROM ${s}.events
          WHERE events.log = p_log AND events.type = asked.type AND events.position BETWEEN p_low AND p_high
          ORDER BY events.type, events.position LIMIT p_limit) AS found;
      END IF;
    END $function$;

    -- The last position at or before an instant (instants never go back in a log, so it is searched by halves), the head,
    -- the instant below which nothing will be recorded, and the server's clock.
    CREATE FUNCTION ${s}.place_at_instant(p_log integer, p_instant bigint, p_now bigint)
    RETURNS TABLE (place bigint, mark text, head bigint, latest bigint, clock bigint) LANGUAGE plpgsql STABLE ${PINNED} AS $function$
    #variable_conflict use_column
    DECLARE
      v_low bigint := -1; v_high bigint := -1; v_head bigint; v_middle bigint; v_latest bigint := 0; v_mark text;
    BEGIN
      SELECT events.position, events.recorded_at INTO v_high, v_latest
        FROM ${s}.events WHERE events.log = p_log ORDER BY events.position DESC LIMIT 1;
      IF NOT FOUND THEN v_high := -1; v_latest := 0; END IF;
      v_head := v_high;
      WHILE v_low < v_high LOOP
        v_middle := (v_low + v_high + 1) / 2;
        IF (SELECT events.recorded_at FROM ${s}.events WHERE events.log = p_log AND events.position = v_middle) <= p_instant
        THEN v_low := v_middle; ELSE v_high := v_middle - 1; END IF;
      END LOOP;
      SELECT events.mark INTO v_mark FROM ${s}.events WHERE events.log = p_log AND events.position = v_low;
      RETURN QUERY SELECT v_low, coalesce(v_mark, ''), v_head,
        greatest(v_latest, (SELECT logs.clock FROM ${s}.logs WHERE logs.log = p_log)),
        coalesce(p_now, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    END $function$;

    -- Sees to it, under the writers' lock, that nothing will be recorded at or before an instant: the clock alone does not,
    -- for it may be set back. False while the clock has not passed the instant.
    CREATE FUNCTION ${s}.settle_instant(p_log integer, p_instant bigint, p_now bigint)
    RETURNS boolean LANGUAGE plpgsql AS $function$
    DECLARE v_now bigint; v_clock bigint;
    BEGIN
      PERFORM pg_advisory_xact_lock('${s}.events'::regclass::oid::integer, p_log);
      v_now := coalesce(p_now, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
      SELECT logs.clock INTO v_clock FROM ${s}.logs WHERE logs.log = p_log;
      IF v_clock > p_instant THEN RETURN true; END IF;
      IF v_now <= p_instant THEN RETURN false; END IF;
      UPDATE ${s}.logs SET clock = v_now WHERE logs.log = p_log;
      RETURN true;
    END $function$;

    -- Forgets outcomes that were recorded before an instant, some of them: how many, and whether older ones may be left.
    CREATE FUNCTION ${s}.prune_step(p_log integer, p_before bigint)
    RETURNS TABLE (forgotten bigint, is_done boolean) LANGUAGE plpgsql ${PINNED} AS $function$
    #variable_conflict use_column
    DECLARE v_from bigint; v_to bigint; v_seen bigint; v_forgotten bigint;
    BEGIN
      PERFORM pg_advisory_xact_lock('${s}.events'::regclass::oid::integer, p_log);
      SELECT logs.pruned INTO v_from FROM ${s}.logs WHERE logs.log = p_log;
      -- Instants never go back in a log, so what is to go is one stretch of it.
      SELECT max(step.number), count(*) INTO v_to, v_seen FROM (
        SELECT appends.number, appends.recorded_at FROM ${s}.appends
        WHERE appends.log = p_log AND appends.number > v_from ORDER BY appends.number LIMIT ${PRUNE_STEP_SIZE}
      ) AS step WHERE step.recorded_at < p_before;
      IF v_seen = 0 THEN RETURN QUERY SELECT 0::bigint, true; RETURN; END IF;
      DELETE FROM ${s}.appends
        WHERE appends.log = p_log AND appends.number > v_from AND appends.number <= v_to AND left(appends.id, 1) <> '$';
      GET DIAGNOSTICS v_forgotten = ROW_COUNT;
      UPDATE ${s}.logs SET pruned = v_to WHERE logs.log = p_log;
      RETURN QUERY SELECT v_forgotten, v_seen < ${PRUNE_STEP_SIZE};
    END $function$;
  `;
}
