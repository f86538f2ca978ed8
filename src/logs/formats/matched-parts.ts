// Makes fields of what a format's expression found in a text: time, level and names become fields, the rest attributes.
import type { Level } from '../line.ts'
import type { TextFormat } from './format.ts'
import { priorityFacility, priorityLevel, statusLevel } from './number-levels.ts'
import { readStructuredData } from './syslog/elements.ts'

/** The fields of a text, and the format that it has. */
export type FormattedText = {
  format: TextFormat
  fields: { [name: string]: unknown }
  message: string
  /** Whether the next line goes on where this one was cut. */
  isPartial: boolean
}

type Match = NonNullable<ReturnType<TextFormat['pattern']['exec']>>
/** What stands in the named groups of a match. */
type Parts = {
  fields: { [name: string]: unknown }
  attributes: { [name: string]: unknown }
  hasAttributes: boolean
  message: string | undefined
  level: string | undefined
  pri: string | undefined
  partial: string | undefined
  time: string | undefined
  status: string | undefined
}

/** The fields of a text that matched. */
export function readMatch(format: TextFormat, found: Match, text: string): FormattedText {
  const parts = readParts(format, found)
  const { fields, attributes, message, pri, time, partial } = parts
  // Without a header, the fields of the text are all there is to show.
  const hasHeader = format.isPrefix && pri !== undefined && time !== undefined
  const facility = hasHeader ? priorityFacility(Number(pri)) : undefined
  if (facility !== undefined) attributes.facility ??= facility
  const level = levelOf(format, parts)
  if (level !== undefined) fields.level = level
  if (parts.hasAttributes || facility !== undefined) fields.attributes = attributes
  return { format, fields, message: message ?? text, isPartial: partial === 'P' }
}

function readParts(format: TextFormat, found: Match): Parts {
  const parts: Parts = {
    fields: {},
    attributes: {},
    hasAttributes: false,
    message: undefined,
    level: undefined,
    pri: undefined,
    partial: undefined,
    time: undefined,
    status: undefined,
  }
  if (Array.isArray(found)) {
    for (const { name, places } of namedGroups(format)) {
      let value: string | undefined
      for (const place of places) value ??= found[place] as string | undefined
      if (value !== undefined) addPart(parts, name, value)
    }
  } else
    for (const [name, value] of Object.entries(found.groups ?? {})) if (value !== undefined) addPart(parts, name, value)
  return parts
}

function addPart(parts: Parts, name: string, value: string): void {
  switch (name) {
    case 'message':
    case 'level':
    case 'pri':
    case 'partial':
      parts[name] = value
      return
    case 'time':
    case 'status':
      parts[name] = value
  }
  if (value === '' || value === '-') return
  if (name === 'time') parts.fields.timestamp = value
  else if (FIELDS.has(name)) parts.fields[name] = value
  else addAttribute(parts, name, value)
}

function addAttribute(parts: Parts, name: string, value: string): void {
  if (name === 'structured_data') {
    const data = readStructuredData(value)
    Object.assign(parts.attributes, data)
    if (Object.keys(data).length > 0) parts.hasAttributes = true
    return
  }
  parts.hasAttributes = true
  parts.attributes[name] = isWholeNumber(value) ? Number(value) : value
}

const FIELDS = new Set(['source', 'host', 'trace_id', 'span_id'])
const WHOLE_NUMBER = /^(?:0|-?[1-9]\d{0,14})$/

function isWholeNumber(text: string): boolean {
  const first = text.charCodeAt(0)
  return (first === DASH || (first >= 48 && first <= 57)) && WHOLE_NUMBER.test(text)
}

const DASH = 45

function levelOf(format: TextFormat, { level, pri, status }: Parts): Level | string | undefined {
  if (level) return format.levels?.[level] ?? level
  if (pri !== undefined) return priorityLevel(Number(pri)) ?? format.level
  return status !== undefined && isWholeNumber(status) ? statusLevel(Number(status)) : format.level
}

/** A named group with its places among all groups: a name may stand in several alternatives. */
type NamedGroup = { name: string; places: number[] }
const groupsByFormat = new WeakMap<TextFormat, readonly NamedGroup[]>()

/** The named groups of an expression in their order: an array of groups is read faster than the object of their names. */
function namedGroups(format: TextFormat): readonly NamedGroup[] {
  let groups = groupsByFormat.get(format)
  if (groups === undefined) {
    groups = findNamedGroups((format.pattern as RegExp).source)
    groupsByFormat.set(format, groups)
  }
  return groups
}

function findNamedGroups(source: string): NamedGroup[] {
  const groups = new Map<string, NamedGroup>()
  let place = 0
  // Escapes and lists are skipped, so that a bracket is one of a group.
  for (const [, name, plain] of source.matchAll(/\\.|\[(?:\\.|[^\]\\])*\]|\(\?<([A-Za-z_]\w*)>|(\()(?!\?)/gs)) {
    if (name === undefined && plain === undefined) continue
    place++
    if (name === undefined) continue
    const group = groups.get(name) ?? { name, places: [] }
    group.places.push(place)
    groups.set(name, group)
  }
  return [...groups.values()]
}
