// Records of a Kafka topic, as Vector's source and Kafka Connect hand them on: keyed, in partitions, with offsets that only rise.
import type { SourceKind } from './source-kind.ts'

const PARTITIONS = 6
const KEYS = 40
/** How far apart the partitions of a topic are at the start. */
const FIRST_OFFSET = 100_000

export const kafka: SourceKind = {
  kind: 'kafka',
  contentType: 'application/json',
  query: ({ name, host }) => ({ source: name, host }),
  write({ at, level, message, source, number }, random) {
    const key = random.whole(KEYS)
    // The partition follows from the key, so records of a key stay in order.
    const partition = (key * 7) % PARTITIONS
    return JSON.stringify({
      message: JSON.stringify({ level, message, order: 7000 + key }),
      message_key: `order-${7000 + key}`,
      topic: source,
      partition,
      offset: FIRST_OFFSET * (partition + 1) + number,
      headers: {
        'content-type': 'application/json',
        trace: random
          .whole(2 ** 31)
          .toString(16)
          .padStart(8, '0'),
      },
      timestamp: new Date(at).toISOString(),
      source_type: 'kafka',
    })
  },
}
