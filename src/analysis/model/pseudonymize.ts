// Pseudonymizes every text that goes to a model: masks secrets, and replaces personal data with pseudonyms (GDPR, Art. 4(5)).
import { PERSONAL_KINDS, replacePersonal } from '../../logs/redact/personal.ts'
import { redact } from '../../logs/redact/redact.ts'
import type { Pack } from '../evidence/pack.ts'
import { writePack } from '../evidence/pack-text.ts'
import type { ConversationTurn, Model } from './model.ts'

export type Pseudonymizer = {
  /** Masks secrets permanently, and replaces personal data with pseudonyms such as `<EMAIL_1>`, always the same for one value. */
  conceal(text: string): string
  /** Puts the personal data back in place of the pseudonyms. */
  restore(text: string): string
  /** How many values of each kind of personal data, and kinds of secrets, are concealed. */
  counts(): Record<string, number>
  /** The value behind each pseudonym. */
  people(): Record<string, string>
}

const isPersonal = (kind: string) => (PERSONAL_KINDS as readonly string[]).includes(kind)
const ENCRYPTED_MARK = /\[enc:([a-z]{1,20}):[\w-]{38,}\]/g
const PSEUDONYM = /<(?:EMAIL|IBAN|IP|PHONE)_\d+>/g

/** Creates a pseudonymizer with known pseudonyms; others are numbered in order, so the same texts give the same pseudonyms. */
export function createPseudonymizer(known: Record<string, string> = {}): Pseudonymizer {
  const names = new Map<string, string>()
  const people = new Map<string, string>(Object.entries(known))
  const counts = new Map<string, number>()
  const masks = new Set<string>()
  for (const [name, value] of people) {
    const kind = name.slice(1, name.lastIndexOf('_')).toLowerCase()
    names.set(`${kind} ${value}`, name)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }

  const findPseudonym = (kind: string, value: string): string => {
    const key = `${kind} ${value}`
    const known = names.get(key)
    if (known) return known
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    const name = `<${kind.toUpperCase()}_${count}>`
    names.set(key, name)
    people.set(name, value)
    return name
  }

  return {
    conceal(text) {
      // Encrypted personal data in stored lines gets a pseudonym too: the cipher text must not leave.
      let shown = redactFully(text).replace(ENCRYPTED_MARK, (mark, kind: string) => findPseudonym(kind, mark))
      for (const kind of PERSONAL_KINDS) shown = replacePersonal(shown, kind, found => findPseudonym(kind, found))
      for (const [mark, kind] of shown.matchAll(/\[hidden:([a-z ]{1,20})\]/g)) if (!isPersonal(kind!)) masks.add(mark)
      return shown
    },
    restore: text => text.replace(PSEUDONYM, name => people.get(name) ?? name),
    counts: () => ({
      ...Object.fromEntries([...counts].map(([kind, count]) => [kind, count])),
      ...(masks.size > 0 ? { secret: masks.size } : {}),
    }),
    people: () => Object.fromEntries(people),
  }
}

/** The pseudonymizer of a pack: its personal data has the same pseudonyms in the question, the answer and follow-ups. */
export function createPackPseudonymizer(pack: Pack): Pseudonymizer {
  const pseudonymizer = createPseudonymizer(pack.people)
  writePack(pack, pseudonymizer.conceal)
  return pseudonymizer
}

/** Redacts until nothing changes: a mark may match another rule, and quotes must be found in the same text later. */
function redactFully(text: string): string {
  let shown = redact(text)
  for (let round = 0; round < 3; round++) {
    const next = redact(shown)
    if (next === shown) break
    shown = next
  }
  return shown
}

/** Wraps a model, so that every text of a request is concealed first. */
export function withPseudonyms(model: Model, pseudonymizer: Pseudonymizer): Model {
  const concealTurn = (turn: ConversationTurn): ConversationTurn => {
    switch (turn.role) {
      case 'person':
        return { ...turn, text: pseudonymizer.conceal(turn.text) }
      // The model's own words contain only concealed texts.
      case 'model':
        return turn
      case 'results':
        return {
          ...turn,
          text: pseudonymizer.conceal(turn.text),
          results: turn.results.map(({ id, text }) => ({ id, text: pseudonymizer.conceal(text) })),
        }
    }
  }
  return {
    ask: request =>
      model.ask({ ...request, system: pseudonymizer.conceal(request.system), turns: request.turns.map(concealTurn) }),
  }
}
