// The arguments that the commands about routing share: matchers, and lists of channels and people.
import { z } from 'zod'
import { readMatcher } from '../../src/alerts/matcher.ts'
import { completes } from '../../src/command/command.ts'
import { findChannel } from '../../src/notifications/routing/channels.ts'
import { readMention } from '../../src/notifications/routing/mentions.ts'
import { findPerson } from '../../src/notifications/routing/people.ts'
import { listRotations } from '../../src/notifications/routing/rotations.ts'
import { invalid, Problem } from '../../src/problem.ts'
import type { State } from '../../src/state/database.ts'
import { type Context, readable } from '../context.ts'

const MAX_WORDS = 20

/** What a list of recipients is read with. */
type Known = Pick<Context, 'state' | 'platforms'>

/** A name for a route, an escalation, a report, a rotation. */
export const setName = () =>
  z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/i, 'must be up to 64 letters, digits, - and _, a letter or digit first')

/** A matcher: it is parsed to check it, and stored as text. */
export const matcher = () =>
  readable(text => {
    readMatcher(text)
    return text
  }, 500).describe('Which alerts: project:shop severity>=warning host:web-* "no beat" (default: all)')

export const toChannels = () => completes(z.string().min(1).max(500), 'channel')

/** The labels by which alerts share a card: `host`, or several between commas; none for `all`. Throws `invalid`. */
export function readLabelNames(text: string): string[] {
  if (text === 'all') return []
  const names = [...new Set(text.split(/[,\s]+/).filter(Boolean))]
  const wrong = names.find(name => !/^[\w.-]{1,64}$/.test(name))
  if (wrong !== undefined || names.length === 0 || names.length > MAX_WORDS)
    throw invalid(
      'group-by',
      `"${wrong ?? text}" is no label. Name labels such as host or alertname, or use all or off.`,
    )
  return names
}

/** The ids of the channels in a list; throws `not_found`. */
export function channelIds(state: State, text: string): string[] {
  return [...new Set(wordsOf(text, 'to').map(word => findChannel(state, word).id))]
}

/** Channels, `oncall` and people, as an escalation stores them; throws `not_found`. */
export function recipientWords({ state, platforms }: Known, text: string): string[] {
  return wordsOf(text, 'to').map(word => {
    const mention = readMention(word, platforms)
    if (mention !== null && /^oncall(:|$)/.test(mention)) return rotationWord(state, mention)
    try {
      return findChannel(state, word).id
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'not_found') throw error
      return personWord(state, word, `"${word}" is not a channel, a person or oncall. ${error.message}`)
    }
  })
}

/** Mentions as a route stores them: people, `oncall`, roles and groups, `here`; throws `not_found`. */
export function mentionWords({ state, platforms }: Known, text: string): string[] {
  if (text.trim() === 'none') return []
  return wordsOf(text, 'mention').map(word => {
    const mention = readMention(word, platforms)
    if (mention === null) return personWord(state, word.replace(/^@/, ''), undefined)
    return /^oncall(:|$)/.test(mention) ? rotationWord(state, mention) : mention
  })
}

/** The words of a list: separated by commas, or by spaces after mentions that a chat made (`<@U012>`). */
function wordsOf(text: string, field: string): string[] {
  const words = text
    .split(/,|(?<=>)\s+/)
    .map(word => word.trim())
    .filter(Boolean)
  if (words.length > 0 && words.length <= MAX_WORDS) return words
  throw invalid(field, `Name 1 to ${MAX_WORDS}, separated by commas.`)
}

function rotationWord(state: State, word: string): string {
  const [, name] = /^oncall:(.+)$/.exec(word) ?? []
  const names = listRotations(state).map(rotation => rotation.name)
  if (name === undefined ? names.length > 0 : names.includes(name)) return word
  const existing = names.length === 0 ? '' : ` The rotations are ${names.join(', ')}.`
  const missing = name === undefined ? 'no rotation yet' : `no rotation "${name}"`
  const remedy = '"oncall add primary --members ann,ben --handover 09:00" adds one.'
  throw new Problem('not_found', `There is ${missing}.${existing} ${remedy}`)
}

function personWord(state: State, name: string, message: string | undefined): string {
  try {
    return `person:${findPerson(state, name).name}`
  } catch (error) {
    if (message === undefined) throw error
    throw new Problem('not_found', message, { fields: { to: 'not known' } })
  }
}
