// Fingerprints errors: which lines are the same problem, and why; stable over releases, hosts and restarts.
import { hash } from 'node:crypto'
import { truncate } from '../../text.ts'
import type { NewLine } from '../line.ts'
import { digitKey, maskIdentity } from '../patterns/masks.ts'
import { readStack, type StackTrace } from './stack-trace.ts'

/** Increase it when the same line gets another fingerprint, so that old and new ones are never mixed up. */
const VERSION = 'v1'
const MAX_FRAMES = 3
/** The first lines of a message tell what is wrong. */
const MAX_MESSAGE_LINES = 2
const MAX_QUOTE_LENGTH = 120

/** A fingerprint such as `v1:3f2a9c81d4e5b6a7`, and a sentence about what it was made of. */
export type Identity = { fingerprint: string; why: string }

/**
 * The identity of a line at error or fatal; null for lines below. It is made of the source and, in this order, of: the
 * sender's own fingerprint (in `line.fingerprint`); the exception type and the innermost frames of the app, without line
 * numbers; the first lines of the message, without what varies.
 */
export function identify(line: NewLine): Identity | null {
  if (line.level !== 'error' && line.level !== 'fatal') return null
  if (line.fingerprint !== '')
    return toIdentity(
      ['sender', line.source, line.fingerprint],
      `grouped by its sender's fingerprint ${quote(line.fingerprint)}`,
    )
  return line.stack === '' && line.message.length <= MAX_KEY_LENGTH
    ? identifyCached(line)
    : identifyFresh(line).identity
}

/** Identities by the source and the key of the message: programs write few messages, but for their numbers. */
const known = new Map<string, Identity>()
const MAX_KNOWN = 2_000
const MAX_KEY_LENGTH = 1_000

function identifyCached(line: NewLine): Identity {
  const key = `${line.source}\0${digitKey(line.message)}`
  const found = known.get(key)
  if (found !== undefined) return found
  const { identity, isStable } = identifyFresh(line)
  if (isStable) {
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(key, identity)
  }
  return identity
}

/** The identity by the stack or the message; `isStable` when every message with the same key has it. */
export function identifyFresh(line: NewLine): { identity: Identity; isStable: boolean } {
  const stack = readStack(line.stack === '' ? line.message : line.stack)
  const byStack = stack && identifyByStack(line, stack)
  return byStack ? { identity: byStack, isStable: false } : identifyByMessage(line, stack?.type ?? '')
}

function identifyByStack(line: NewLine, { type, frames }: StackTrace): Identity | null {
  const own = frames.filter(frame => frame.inApp)
  const top = (own.length > 0 ? own : frames).slice(0, MAX_FRAMES).map(frame => frame.place)
  if (top.length === 0) return null
  const what = type === '' ? 'its stack' : type
  return toIdentity(['stack', line.source, type, ...top], `grouped by ${what} in ${quote(top.join(', '))}`)
}

function identifyByMessage(line: NewLine, type: string): { identity: Identity; isStable: boolean } {
  const lines = line.message.split('\n', 20).filter(text => text.trim() !== '')
  const { masked, isStable } = maskIdentity(lines.slice(0, MAX_MESSAGE_LINES).join('\n'))
  const identity = toIdentity(['message', line.source, type, masked], `grouped by the message ${quote(masked)}`)
  return { identity, isStable: isStable && !/\d/.test(type) }
}

function toIdentity(parts: readonly string[], why: string): Identity {
  // NUL cannot occur in a part, so different lists are different texts.
  const digest = hash('sha1', parts.join('\0'), 'hex').slice(0, 16)
  return { fingerprint: `${VERSION}:${digest}`, why: `${why}.` }
}

function quote(text: string): string {
  return `“${truncate(text.replaceAll('\n', ' '), MAX_QUOTE_LENGTH)}”`
}
