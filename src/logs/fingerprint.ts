// The identity of an error: which lines are the same problem, and why, stable over releases, hosts and restarts.
import { hash } from 'node:crypto'
import { readStack, type StackTrace } from './fingerprint-stack.ts'
import type { NewLine } from './line.ts'
import { maskForIdentity } from './patterns/masks.ts'

/** Raised whenever the same line would get another identity, so that old and new are never taken for each other. */
const VERSION = 'v1'
const FRAMES = 3
/** A message says what is wrong in its first lines. */
const LINES = 2
const SHOWN = 120

/** A fingerprint such as `v1:3f2a9c81d4e5b6a7`, and what it was made of as a sentence. */
export type Identity = { fingerprint: string; why: string }

/**
 * The identity of a line at error or fatal; null for lines below. What `line.fingerprint` holds is the sender's own, if any:
 * it decides together with the source. Else the exception's type and its innermost frames within the app do, without line
 * numbers; else the first lines of the message without what varies.
 */
export function identify(line: NewLine): Identity | null {
  if (line.level !== 'error' && line.level !== 'fatal') return null
  if (line.fingerprint !== '')
    return identity(
      ['sender', line.source, line.fingerprint],
      `grouped by its sender's fingerprint ${shown(line.fingerprint)}`,
    )
  const stack = readStack(line.stack === '' ? line.message : line.stack)
  return (stack && byStack(line, stack)) ?? byMessage(line, stack?.type ?? '')
}

function byStack(line: NewLine, { type, frames }: StackTrace): Identity | null {
  const own = frames.filter(frame => frame.inApp)
  const top = (own.length > 0 ? own : frames).slice(0, FRAMES).map(frame => frame.place)
  if (top.length === 0) return null
  const what = type === '' ? 'its stack' : type
  return identity(['stack', line.source, type, ...top], `grouped by ${what} in ${shown(top.join(', '))}`)
}

function byMessage(line: NewLine, type: string): Identity {
  const lines = line.message.split('\n', 20).filter(each => each.trim() !== '')
  const masked = maskForIdentity(lines.slice(0, LINES).join('\n'))
  return identity(['message', line.source, type, masked], `grouped by the message ${shown(masked)}`)
}

function identity(parts: readonly string[], why: string): Identity {
  // NUL cannot occur within a part, so no two lists are the same text.
  const digest = hash('sha1', parts.join('\0'), 'hex').slice(0, 16)
  return { fingerprint: `${VERSION}:${digest}`, why: `${why}.` }
}

function shown(text: string): string {
  const line = text.replaceAll('\n', ' ')
  return `“${line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line}”`
}
