// What the commands about who is told share: matchers, lists of channels and of people.
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

const MOST_WORDS = 20

/** What a list of recipients is read with. */
type Known = Pick<Context, 'state' | 'platforms'>

/** A name for a route, an escalation, a report, a rotation. */
export const setName = () =>
  z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/i, 'must be up to 64 letters, digits, - and _, a letter or digit first')

/** A matcher, checked and kept as it was written. */
export const matcher = () =>
  readable(text => {
    readMatcher(text)
    return text
  }, 500).describe('Which alerts: project:shop severity>=warning host:web-* "no beat"; all unless said')

export const toChannels = () => completes(z.string().min(1).max(500), 'channel')

/** The ids of the channels that a list names; throws `not_found` with those there are. */
export function channelIds(state: State, text: string): string[] {
  return [...new Set(wordsOf(text, 'to').map(word => findChannel(state, word).id))]
}

/** Channels, `oncall` and people, as an escalation stores them. Throws `not_found` with what would be right. */
export function recipientWords({ state, platforms }: Known, text: string): string[] {
  return wordsOf(text, 'to').map(word => {
    const mention = readMention(word, platforms)
    if (mention !== null && /^oncall(:|$)/.test(mention)) return rotationWord(state, mention)
    try {
      return findChannel(state, word).id
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'not_found') throw error
      return personWord(state, word, `"${word}" is no channel, no person and not oncall. ${error.message}`)
    }
  })
}

/** Those who are called out, as a route stores them: people, `oncall`, roles and groups, `@here`. */
export function mentionWords({ state, platforms }: Known, text: string): string[] {
  if (text.trim() === 'none') return []
  return wordsOf(text, 'mention').map(word => {
    const mention = readMention(word, platforms)
    if (mention === null) return personWord(state, word.replace(/^@/, ''), undefined)
    return /^oncall(:|$)/.test(mention) ? rotationWord(state, mention) : mention
  })
}

/** Lists are written with commas; words in angle brackets are mentions that a chat made. */
function wordsOf(text: string, field: string): string[] {
  const words = text
    .split(/,|(?<=>)\s+/)
    .map(word => word.trim())
    .filter(Boolean)
  if (words.length > 0 && words.length <= MOST_WORDS) return words
  throw invalid(field, `Name from 1 to ${MOST_WORDS}, with commas between them.`)
}

function rotationWord(state: State, word: string): string {
  const [, name] = /^oncall:(.+)$/.exec(word) ?? []
  const known = listRotations(state).map(one => one.name)
  if (name === undefined ? known.length > 0 : known.includes(name)) return word
  const there = known.length === 0 ? 'There is no rotation yet' : `There is ${known.join(', ')}`
  throw new Problem('not_found', `${there}. "oncall add primary --members ann,ben --handover 09:00" makes one.`)
}

function personWord(state: State, name: string, otherwise: string | undefined): string {
  try {
    return `person:${findPerson(state, name).name}`
  } catch (error) {
    if (otherwise === undefined) throw error
    throw new Problem('not_found', otherwise, { fields: { to: 'not known' } })
  }
}
