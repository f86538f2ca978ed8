// Reads the short texts of a line: names of sources and hosts, groups, tags.
import { clean, clip } from './clean.ts'

const LONGEST = 200
const MOST_TAGS = 50

/** A name given as text, number or an object with a `name` or `id`; empty when it is none of these. */
export function nameText(value: unknown): string {
  if (typeof value === 'string') return clip(clean(value.trim()), LONGEST)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ''
  const { name, id } = value as { [name: string]: unknown }
  const inner = name ?? id
  return typeof inner === 'string' ? nameText(inner) : ''
}

/** `prod/api/auth` without empty steps. */
export function readGroup(text: string): string {
  if (!text.includes('/')) return text
  const steps = text.split('/').map(step => step.trim())
  return steps.filter(step => step !== '').join('/')
}

/** Tags as a list, as text with commas, or one; each once. Null when the value holds no tags but something else. */
export function readTags(value: unknown): readonly string[] | null {
  const list = typeof value === 'string' ? value.split(',') : typeof value === 'number' ? [value] : value
  if (!Array.isArray(list)) return null
  const tags = new Set<string>()
  for (const item of list) {
    const tag = nameText(item)
    if (tag !== '') tags.add(tag)
    if (tags.size === MOST_TAGS) break
  }
  return [...tags]
}
