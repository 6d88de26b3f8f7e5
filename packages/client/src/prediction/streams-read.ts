/** The streams that a command is decided on, and so what it has to be sent in order with. */
import {
  streamName,
  type CommandMessage,
  type DaybookFaces,
  type DecisionFace,
  type DecisionMessage,
} from '@daybook/core';

/** What a decision reads under one name. */
export interface StreamsRead {
  readonly streams: readonly string[];
  readonly isList: boolean;
}

/** By name; undefined where it also reads by tags, whose state no client has. Throws what reading the command throws. */
export function streamsRead(
  decision: DecisionFace,
  data: unknown,
): ReadonlyMap<string, StreamsRead> | undefined {
  const found = new Map<string, StreamsRead>();
  for (const [name, read] of decision.reads(decision.command.read(data))) {
    if (read.kind === 'fold') return undefined;
    if (read.kind === 'stream') found.set(name, { streams: [read.stream], isList: false });
    else found.set(name, { streams: read.list.map(({ stream }) => stream), isList: true });
  }
  return found;
}

/** Every stream that a command or decision is decided on, as far as the definitions say. */
export function streamsOf(
  faces: DaybookFaces | undefined,
  message: CommandMessage | DecisionMessage,
): readonly string[] {
  if (message.kind === 'command') return [streamName(message.decider, message.id)];
  try {
    const decision = faces?.decisions.get(message.decision);
    const reads = decision && streamsRead(decision, message.data);
    return reads === undefined
      ? []
      : [...new Set([...reads.values()].flatMap((read) => read.streams))];
  } catch {
    return [];
  }
}

/** What a command shares with others that it must not overtake: its streams, or the decision's name. */
export function keysOf(
  faces: DaybookFaces | undefined,
  message: CommandMessage | DecisionMessage,
): readonly string[] {
  const streams = streamsOf(faces, message);
  return streams.length > 0 || message.kind === 'command' ? streams : [message.decision];
}
