// Knows a request that its client repeats, because the answer was lost or Vakt restarted, by its key and its body.
import { hash } from 'node:crypto'
import { BODY_KEY } from '../../logs/repeat-memory.ts'
import type { Key } from '../../projects/keys.ts'
import type { Asked } from '../protocols/protocol.ts'

/**
 * The idempotency key of a request without one of its own: the same sender, path, query and decompressed body have the same.
 * The log store commits it in the transaction of the lines, so a repetition is exact even after a crash between two commits:
 * either both are on disk, or neither. It is remembered for some minutes (`src/logs/repeat-memory.ts`). Only for protocols
 * whose lines carry their times: two equal bodies without times are two events.
 */
export function repeatKey({ path, parameters }: Asked, body: Buffer, key: Key | null): string {
  const named = [key?.id ?? 'admin', path, parameters.toString(), hash('sha256', body, 'base64')]
  return `${BODY_KEY}${hash('sha256', named.join('\n'), 'base64url')}`
}
