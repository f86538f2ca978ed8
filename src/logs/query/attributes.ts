// Finds the values at an attribute path of a query in a line's attributes, and reads them as text and as numbers.
import type { Json } from '../line.ts'

/**
 * The values at a path. Dots go into objects, but a name that contains dots itself (`http.status` from OpenTelemetry) is
 * found too; of an array, every item counts. A missing attribute has no values.
 */
export function attributeValues(attributes: { readonly [name: string]: Json }, path: string): Json[] {
  const found: Json[] = []
  collect(attributes, path, found)
  return found
}

/** A value as the text that equality compares: strings unchanged, everything else as JSON. */
export function valueText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A value as the number that `<` and `>` compare: numbers and decimal texts; null for everything else. */
export function valueNumber(value: Json): number | bigint | null {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? readNumber(value) : null
}

/**
 * A decimal number as people and programs write it, such as `-1.5e3`; null when the text is anything else. A whole number
 * that JavaScript's numbers do not hold exactly is a bigint; `<` and `>` compare the two exactly.
 */
export function readNumber(text: string): number | bigint | null {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null
  const number = Number(text)
  if (/^[+-]?\d+$/.test(text) && !Number.isSafeInteger(number)) return BigInt(text.replace('+', ''))
  return Number.isFinite(number) ? number : null
}

function collect(holder: Json, path: string, found: Json[]): void {
  if (Array.isArray(holder)) {
    for (const item of holder) collect(item, path, found)
  } else if (typeof holder === 'object' && holder !== null) {
    const object = holder as { readonly [name: string]: Json }
    if (Object.hasOwn(object, path)) add(object[path]!, found)
    for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
      const name = path.slice(0, dot)
      if (Object.hasOwn(object, name)) collect(object[name]!, path.slice(dot + 1), found)
    }
  }
}

function add(value: Json, found: Json[]): void {
  if (Array.isArray(value)) for (const item of value) add(item, found)
  else found.push(value)
}
