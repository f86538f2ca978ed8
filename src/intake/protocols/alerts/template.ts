// Templates that make an alert of any JSON: `{data.monitor.name} is {status|state|"down"}`. Pure.
import { Problem } from '../../../problem.ts'
import { listOf, textOf, valueAt } from './json-fields.ts'

const MAX_TEMPLATE_LENGTH = 1_000
const MAX_TEXT_LENGTH = 4_000

type Part = string | readonly Alternative[]
/** A path into the body, or a text in quotes. */
type Alternative = { path: string } | { text: string }
export type Template = readonly Part[]

const PLACEHOLDER = /\{([^{}]{0,300})\}/g
const ALTERNATIVE = /^(?:"([^"]*)"|([\w$@ .:/-]+))$/

/** Reads a template. Throws `invalid` on the field `name` for a placeholder that is none. */
export function readTemplate(name: string, text: string): Template {
  if (text.length > MAX_TEMPLATE_LENGTH) throw invalid(name, `is longer than ${MAX_TEMPLATE_LENGTH} characters`)
  const parts: Part[] = []
  let end = 0
  for (const found of text.matchAll(PLACEHOLDER)) {
    parts.push(text.slice(end, found.index))
    parts.push(found[1]!.split('|').map(word => readAlternative(name, word.trim())))
    end = found.index + found[0].length
  }
  parts.push(text.slice(end))
  if (parts.some(part => typeof part === 'string' && /[{}]/.test(part)))
    throw invalid(name, 'has a brace without its other half')
  return parts.filter(part => part !== '')
}

function readAlternative(name: string, word: string): Alternative {
  const found = ALTERNATIVE.exec(word)
  if (!found)
    throw invalid(
      name,
      `has the placeholder "${word.slice(0, 60)}": write a path such as {monitor.name}, or a text in quotes`,
    )
  return found[1] === undefined ? { path: found[2]!.trim() } : { text: found[1] }
}

function invalid(name: string, why: string): Problem {
  return new Problem('invalid', `The template "${name}" ${why}.`, { fields: { [name]: why } })
}

/** The text of a template for a body; undefined when nothing of it is left but space. */
export function fill(template: Template, body: unknown): string | undefined {
  const text = template.map(part => (typeof part === 'string' ? part : resolvePlaceholder(part, body))).join('')
  return textOf(text.slice(0, MAX_TEXT_LENGTH))
}

function resolvePlaceholder(alternatives: readonly Alternative[], body: unknown): string {
  for (const alternative of alternatives) {
    const text = 'text' in alternative ? alternative.text : shownValue(valueAt(body, alternative.path))
    if (text !== undefined) return text
  }
  return ''
}

function shownValue(value: unknown): string | undefined {
  if (Array.isArray(value))
    return listOf(value).map(shownValue).filter(Boolean).join(', ').slice(0, MAX_TEXT_LENGTH) || undefined
  if (typeof value === 'object' && value !== null) return JSON.stringify(value).slice(0, MAX_TEXT_LENGTH)
  return textOf(value)
}
