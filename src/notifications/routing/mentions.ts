// Who is called out by name in a message: as people write it, as it is stored, and as each platform knows them. Pure.
import type { Mention } from '../../card.ts'
import type { Person } from './people.ts'

/** How stored words are made sense of at the moment of sending. */
export type Lookup = { person(name: string): Person | undefined; onCall(rotation: string | undefined): string | null }

const WRITTEN: [RegExp, (id: string) => string][] = [
  [/^@?here$/i, () => 'here'],
  [/^<@&(\d{5,25})>$/, id => `discord-role:${id}`],
  [/^<@!?(\d{5,25})>$/, id => `discord-user:${id}`],
  [/^<@([UW][A-Z0-9]{4,})(?:\|[^>]*)?>$/, id => `slack-user:${id}`],
  [/^<!subteam\^(S[A-Z0-9]{4,})(?:\|[^>]*)?>$/, id => `slack-group:${id}`],
  [/^((?:discord-(?:role|user):\d{5,25})|(?:slack-(?:user|group):[A-Z0-9]{5,}))$/, word => word],
  [/^@?oncall$/i, () => 'oncall'],
  [/^@?oncall:([\w-]{1,64})$/i, name => `oncall:${name}`],
]

/** A mention as people write it (`@here`, `oncall`, a mention picked from a chat's list) as the word that is stored; null when it is no such thing. */
export function readMention(text: string): string | null {
  for (const [pattern, word] of WRITTEN) {
    const match = pattern.exec(text.trim())
    if (match) return word(match[1] ?? '')
  }
  return null
}

/** The people and groups behind stored words, as the platform of a channel knows them; who has no id there is only named. */
export function mentionsIn(channelId: string, words: readonly string[], lookup: Lookup): Mention[] {
  const platform = channelId.split(':')[0]!
  const found = words.map(word => mentionOf(platform, word, lookup)).filter(one => one !== null)
  return found.filter((one, i) => found.findIndex(other => other.name === one.name && other.id === one.id) === i)
}

/** A stored word for people. */
export function mentionName(word: string): string {
  return word.replace(/^person:/, '')
}

function mentionOf(platform: string, word: string, lookup: Lookup): Mention | null {
  if (word === 'here') return { kind: 'here', id: null, name: 'here' }
  const [, of, kind, id] = /^(discord|slack)-(role|user|group):(.+)$/.exec(word) ?? []
  // A role of one platform says nothing on another.
  if (of !== undefined)
    return of === platform ? { kind: kind === 'user' ? 'person' : 'group', id: id!, name: id! } : null
  const [, rotation] = /^oncall(?::(.+))?$/.exec(word) ?? []
  const name = word.startsWith('oncall') ? lookup.onCall(rotation) : word.replace(/^person:/, '')
  if (name === null) return null
  return { kind: 'person', id: idOn(platform, lookup.person(name)), name }
}

function idOn(platform: string, person: Person | undefined): string | null {
  if (platform === 'discord' || platform === 'slack' || platform === 'telegram') return person?.[platform] ?? null
  return null
}
