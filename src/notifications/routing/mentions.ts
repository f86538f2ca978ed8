// The people and groups that a message mentions: as people write them, as they are stored, and as a platform knows them. Pure.
import type { Mention } from '../../card.ts'
import type { Channel } from '../../chat/channel.ts'
import type { PlatformDefinition } from '../../chat/platform-definition.ts'
import type { Person } from './people.ts'

/** Looks up what stored words mean at the moment of sending. */
export type Lookup = { person(name: string): Person | undefined; onCall(rotation: string | undefined): string | null }

const WRITTEN: [RegExp, (id: string) => string][] = [
  [/^@?here$/i, () => 'here'],
  [/^@?oncall$/i, () => 'oncall'],
  [/^@?oncall:([\w-]{1,64})$/i, name => `oncall:${name}`],
]

/**
 * The word that is stored for a mention as people write it: `@here`, `oncall`, a mention picked from the list of one of
 * the `platforms`, or the stored word itself. Null for anything else.
 */
export function readMention(text: string, platforms: readonly PlatformDefinition[]): string | null {
  const typed = text.trim()
  for (const [pattern, word] of WRITTEN) {
    const match = pattern.exec(typed)
    if (match) return word(match[1] ?? '')
  }
  for (const platform of platforms)
    for (const { kind, typed: pattern, id } of platform.mentions ?? []) {
      const prefix = `${platform.name}-${kind}:`
      const found = pattern.exec(typed)?.[1]
      if (found !== undefined) return `${prefix}${found}`
      if (typed.startsWith(prefix) && id.test(typed.slice(prefix.length))) return typed
    }
  return null
}

/** The people and groups behind stored words, as the platform of a channel knows them; without an account they are only named. */
export function mentionsIn(
  channel: Pick<Channel, 'id' | 'capabilities'>,
  words: readonly string[],
  lookup: Lookup,
): Mention[] {
  const found = words.map(word => mentionOf(channel, word, lookup)).filter(mention => mention !== null)
  return found.filter(
    (mention, i) => found.findIndex(other => other.name === mention.name && other.id === mention.id) === i,
  )
}

/** A stored word for people. */
export function mentionName(word: string): string {
  return word.replace(/^person:/, '')
}

function mentionOf(
  { id: channelId, capabilities }: Pick<Channel, 'id' | 'capabilities'>,
  word: string,
  lookup: Lookup,
): Mention | null {
  if (word === 'here') return { kind: 'here', id: null, name: 'here' }
  const platform = channelId.split(':')[0]!
  const [, owner, kind, id] = /^([a-z]+)-(role|user|group):(.+)$/.exec(word) ?? []
  // A role of one platform means nothing on another.
  if (owner !== undefined)
    return owner === platform ? { kind: kind === 'user' ? 'person' : 'group', id: id!, name: id! } : null
  const [, rotation] = /^oncall(?::(.+))?$/.exec(word) ?? []
  const name = word.startsWith('oncall') ? lookup.onCall(rotation) : word.replace(/^person:/, '')
  if (name === null) return null
  const account = capabilities.mentions ? lookup.person(name)?.accounts[platform] : undefined
  return { kind: 'person', id: account ?? null, name }
}
