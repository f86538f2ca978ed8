// The one way out: every text that goes to a model passes here, where secrets are masked and people become pseudonyms.
import { PERSONAL_KINDS, replacePersonal } from '../../logs/redact/personal.ts'
import { redact } from '../../logs/redact/redact.ts'
import type { Pack } from '../evidence/pack.ts'
import { packText } from '../evidence/pack-text.ts'
import type { Model, Turn } from './model.ts'

export type Pseudonymizer = {
  /** A text as it may leave: secrets masked for good, personal data as `<EMAIL_1>`, the same person always the same. */
  conceal(text: string): string
  /** What came back, with the people of this veil put in again. */
  restore(text: string): string
  /** How many people of each kind, and kinds of secrets, were concealed. */
  counts(): Record<string, number>
  /** Who stands behind each pseudonym. */
  people(): Record<string, string>
}

const isPersonal = (kind: string) => (PERSONAL_KINDS as readonly string[]).includes(kind)
const sealed = /\[enc:([a-z]{1,20}):[\w-]{38,}\]/g
const pseudonym = /<(?:EMAIL|IBAN|IP|PHONE)_\d+>/g

/** A veil that knows `known` only; who else it sees is numbered in turn, so the same texts in the same order give the same names. */
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

  const nameOf = (kind: string, value: string): string => {
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
      // Who was encrypted when stored is somebody too, and the cipher text is nobody's business.
      let shown = redactFully(text).replace(sealed, (mark, kind: string) => nameOf(kind, mark))
      for (const kind of PERSONAL_KINDS) shown = replacePersonal(shown, kind, found => nameOf(kind, found))
      for (const [mark, kind] of shown.matchAll(/\[hidden:([a-z ]{1,20})\]/g)) if (!isPersonal(kind!)) masks.add(mark)
      return shown
    },
    restore: text => text.replace(pseudonym, name => people.get(name) ?? name),
    counts: () => ({
      ...Object.fromEntries([...counts].map(([kind, count]) => [kind, count])),
      ...(masks.size > 0 ? { secret: masks.size } : {}),
    }),
    people: () => Object.fromEntries(people),
  }
}

/** The veil of a pack: whoever is in it has the same pseudonym each time, in the question as in the answer and those that follow. */
export function pseudonymizerFor(pack: Pack): Pseudonymizer {
  const veil = createPseudonymizer(pack.people)
  packText(pack, veil.conceal)
  return veil
}

/** A mark may look like a password to the rules; passing again must change nothing, or quotes would not be found. */
function redactFully(text: string): string {
  let shown = redact(text)
  for (let again = 0; again < 3; again++) {
    const next = redact(shown)
    if (next === shown) break
    shown = next
  }
  return shown
}

/** The model behind the veil: whatever is asked of it, no text reaches it that was not concealed. */
export function withPseudonyms(model: Model, veil: Pseudonymizer): Model {
  const turn = (one: Turn): Turn => {
    switch (one.role) {
      case 'person':
        return { ...one, text: veil.conceal(one.text) }
      // The model's own words; it knew nothing but what was concealed.
      case 'model':
        return one
      case 'results':
        return {
          ...one,
          text: veil.conceal(one.text),
          results: one.results.map(({ id, text }) => ({ id, text: veil.conceal(text) })),
        }
    }
  }
  return {
    ask: request => model.ask({ ...request, system: veil.conceal(request.system), turns: request.turns.map(turn) }),
  }
}
