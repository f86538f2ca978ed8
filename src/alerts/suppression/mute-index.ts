// Finds among many silences and windows the few that may match an alert: each is filed under a value that it asks for. Pure.
import { foldCase } from '../../logs/query/wildcard.ts'
import { words } from '../../logs/query/words.ts'
import { type Matchable, type Matcher, readMatchedTexts } from '../matcher.ts'
import type { ActiveMute } from './suppression.ts'

/** Mutes by the value or word that an alert must have to match them; the others may match any alert. */
export class MuteIndex {
  readonly #byAnchor = new Map<string, Map<string, ActiveMute>>()
  readonly #general = new Map<string, ActiveMute>()
  readonly #anchors = new Map<string, string | null>()

  /** How many mutes every alert is compared with. */
  get generalCount(): number {
    return this.#general.size
  }

  /** Adds a mute, in place of an earlier one of the same kind and number. */
  set(mute: ActiveMute): void {
    this.delete(mute)
    const key = keyOf(mute)
    const anchor = anchorOf(mute.matcher)
    this.#anchors.set(key, anchor)
    if (anchor === null) this.#general.set(key, mute)
    else this.#byAnchor.set(anchor, (this.#byAnchor.get(anchor) ?? new Map()).set(key, mute))
  }

  delete(mute: Pick<ActiveMute, 'kind' | 'id'>): void {
    const key = keyOf(mute)
    const anchor = this.#anchors.get(key)
    if (anchor === undefined) return
    this.#anchors.delete(key)
    if (anchor === null) {
      this.#general.delete(key)
      return
    }
    const filed = this.#byAnchor.get(anchor)!
    filed.delete(key)
    if (filed.size === 0) this.#byAnchor.delete(anchor)
  }

  /** All mutes that may match an alert, and no more than have a value in common with it or ask for none. */
  candidates(alert: Matchable, project: string | null): ActiveMute[] {
    if (this.#byAnchor.size === 0) return [...this.#general.values()]
    const { title, values } = readMatchedTexts(alert, project)
    const anchors = new Set([...words(title).map(wordAnchor), ...values.map(valueAnchor)])
    const filed = [...anchors].flatMap(anchor => [...(this.#byAnchor.get(anchor)?.values() ?? [])])
    return [...this.#general.values(), ...filed]
  }
}

const keyOf = ({ kind, id }: Pick<ActiveMute, 'kind' | 'id'>) => `${kind} ${id}`
const wordAnchor = (word: string) => `word ${word}`
const valueAnchor = (value: string) => `value ${foldCase(value)}`

/** A word or value that every matching alert has, or null when the matcher asks for none. */
function anchorOf(matcher: Matcher): string | null {
  switch (matcher?.kind) {
    case 'and': {
      for (const part of matcher.parts) {
        const anchor = anchorOf(part)
        if (anchor !== null) return anchor
      }
      return null
    }
    case 'word': {
      const [word, ...more] = words(matcher.text)
      return word === undefined || more.length > 0 || matcher.prefix ? null : wordAnchor(word)
    }
    case 'field':
      return isExact(matcher.value) ? valueAnchor(matcher.value) : null
    case 'attribute':
      return matcher.comparison === '=' && isExact(matcher.value) ? valueAnchor(matcher.value) : null
    default:
      return null
  }
}

/** Wildcards match other values, and an empty value is a missing one. */
function isExact(value: string): boolean {
  return value !== '' && !value.includes('*')
}
