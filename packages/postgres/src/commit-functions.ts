/** Functions that a commit of read models begins with: each raises what is wrong, and the transaction is over. */

/** SQLSTATEs of what a commit is refused for; the facts are the message, as JSON. */
export const COMMIT_REFUSED = { fenced: 'DBF01', missing: 'DBM01', moved: 'DBV01' } as const;

export function commitFunctionsSql(s: string): string {
  return `
    -- The row is locked until the commit: whoever wants to take the lease over waits for it, or this one is refused.
    CREATE FUNCTION ${s}.check_lease(p_name text, p_owner text, p_fence bigint)
    RETURNS void LANGUAGE plpgsql AS $function$
    BEGIN
      PERFORM 1 FROM ${s}.leases
        WHERE leases.name = p_name AND leases.owner = p_owner AND leases.fence = p_fence FOR SHARE;
      IF NOT FOUND THEN
        RAISE EXCEPTION '%', json_build_array(p_name) USING ERRCODE = '${COMMIT_REFUSED.fenced}';
      END IF;
    END $function$;

    CREATE FUNCTION ${s}.check_checkpoint(
      p_number integer, p_read_model text, p_generation integer, p_log text, p_position bigint, p_mark text
    ) RETURNS void LANGUAGE plpgsql AS $function$
    DECLARE v_position bigint; v_mark text;
    BEGIN
      -- Exclusive, so that of two that begin at no checkpoint, where there is no row to lock, one waits too.
      PERFORM 1 FROM ${s}.generations WHERE generations.number = p_number FOR NO KEY UPDATE;
      IF NOT FOUND THEN
        RAISE EXCEPTION '%', json_build_array(p_read_model, p_generation) USING ERRCODE = '${COMMIT_REFUSED.missing}';
      END IF;
      SELECT checkpoints.position, checkpoints.mark INTO v_position, v_mark
        FROM ${s}.checkpoints WHERE checkpoints.number = p_number AND checkpoints.log = p_log;
      IF v_position IS DISTINCT FROM p_position OR v_mark IS DISTINCT FROM p_mark THEN
        RAISE EXCEPTION '%', json_build_array(p_read_model, coalesce(p_position, -1), coalesce(v_position, -1))
          USING ERRCODE = '${COMMIT_REFUSED.moved}';
      END IF;
    END $function$;
  `;
}
