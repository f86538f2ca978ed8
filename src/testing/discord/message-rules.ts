// What Discord demands of a message body beyond its description: totals, empty messages, rows, ids and mention safety.

import type { FieldError } from './refusal.ts'

/** A parsed JSON object from the wire. */
export type Json = Record<string, unknown>

export const COMPONENTS_V2 = 1 << 15

/** The field errors of a message, an edit, or the message inside an interaction answer. */
export function messageErrors(body: Json): FieldError[] {
  const rows = allRows(body.components)
  const v2 = (Number(body.flags ?? 0) & COMPONENTS_V2) !== 0
  return [
    ...lengthErrors(body),
    ...objects(body.embeds).flatMap(embedErrors),
    ...(v2 ? [...v2Errors(body), ...rows.flatMap(rowErrors)] : objects(body.components).flatMap(rowErrors)),
    ...(!v2 && rows.length > 5 ? [wrong(['components'], 'BASE_TYPE_BAD_LENGTH', 'Must be 5 or fewer in length.')] : []),
    ...duplicateIds(rows),
    ...mentionErrors(body.allowed_mentions),
  ]
}

/** True when nothing in the body would be seen. */
export function isEmptyMessage(body: Json, files: number): boolean {
  const seen = [...objects(body.embeds), ...(Array.isArray(body.sticker_ids) ? body.sticker_ids : [])]
  const v2 = (Number(body.flags ?? 0) & COMPONENTS_V2) !== 0 && objects(body.components).length > 0
  return String(body.content ?? '').trim() === '' && seen.length === 0 && files === 0 && !v2 && !body.poll
}

/** Things Discord lets pass and a careful bot never does; they go to `violations`. */
export function carelessParts(body: Json, fileNames: string[]): string[] {
  const violations: string[] = []
  const speaks = ['content', 'embeds', 'components'].some(key => body[key] !== undefined && body[key] !== null)
  if (speaks && !body.allowed_mentions) violations.push('a message body without allowed_mentions')
  if (!strings(body).every(s => s.isWellFormed())) violations.push('a character cut in half (lone surrogate)')
  for (const text of strings(body)) {
    const name = /^attachment:\/\/(.+)$/.exec(text)?.[1]
    if (name && !fileNames.includes(name)) violations.push(`attachment://${name} names no file of the message`)
  }
  return violations
}

function lengthErrors(body: Json): FieldError[] {
  const errors: FieldError[] = []
  if ([...String(body.content ?? '')].length > 2000) errors.push(tooLong(['content'], 2000))
  const total = objects(body.embeds)
    .flatMap(embedTexts)
    .reduce((sum, text) => sum + [...text].length, 0)
  if (total > 6000) errors.push(wrong(['embeds'], 'MAX_EMBED_SIZE_EXCEEDED', 'Embed size exceeds maximum size of 6000'))
  return errors
}

function embedTexts(embed: Json): string[] {
  const fields = objects(embed.fields).flatMap(f => [f.name, f.value])
  const texts = [embed.title, embed.description, (embed.footer as Json)?.text, (embed.author as Json)?.name, ...fields]
  return texts.filter(t => typeof t === 'string')
}

function embedErrors(embed: Json, index: number): FieldError[] {
  const errors = objects(embed.fields).flatMap((field, i) =>
    ['name', 'value'].filter(key => blank(field[key])).map(key => required(['embeds', index, 'fields', i, key])),
  )
  const seen = embedTexts(embed).some(text => !blank(text)) || embed.image || embed.thumbnail
  return seen ? errors : [...errors, required(['embeds', index, 'description'])]
}

function rowErrors(row: Json, index: number): FieldError[] {
  const path = ['components', index]
  if (row.type !== 1) return [wrong([...path, 'type'], 'BASE_TYPE_CHOICES', 'Value must be one of (1,).')]
  const parts = objects(row.components)
  const buttons = parts.filter(part => part.type === 2)
  const errors = parts.flatMap((part, i) => (part.type === 2 ? buttonErrors(part, [...path, 'components', i]) : []))
  const mixed = buttons.length > 0 && buttons.length < parts.length
  if (mixed || (buttons.length === 0 && parts.length > 1))
    errors.push(
      wrong([...path, 'components'], 'COMPONENT_LAYOUT_WIDTH_EXCEEDED', 'The component layout width has been exceeded'),
    )
  if (parts.length > 5)
    errors.push(wrong([...path, 'components'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 5 in length.'))
  return errors
}

function buttonErrors(button: Json, path: (string | number)[]): FieldError[] {
  const errors: FieldError[] = []
  const link = button.style === 5
  if (link && button.custom_id)
    errors.push(
      wrong(
        [...path, 'custom_id'],
        'BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE',
        'A custom id and url cannot both be specified',
      ),
    )
  if (link && !button.url) errors.push(wrong([...path, 'url'], 'BUTTON_COMPONENT_URL_REQUIRED', 'A url is required'))
  if (!link && button.url)
    errors.push(
      wrong(
        [...path, 'url'],
        'BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE',
        'A custom id and url cannot both be specified',
      ),
    )
  if (!link && button.style !== 6 && !button.custom_id)
    errors.push(wrong([...path, 'custom_id'], 'BUTTON_COMPONENT_CUSTOM_ID_REQUIRED', 'A custom id is required'))
  if (button.style !== 6 && blank(button.label) && !button.emoji) errors.push(required([...path, 'label']))
  return errors
}

function v2Errors(body: Json): FieldError[] {
  const banned = ['content', 'embeds', 'poll', 'sticker_ids'].filter(key => {
    const value = body[key]
    return Array.isArray(value) ? value.length > 0 : Boolean(value)
  })
  const all = everyComponent(body.components)
  const texts = all.filter(part => part.type === 10).map(part => String(part.content ?? ''))
  const total = texts.reduce((sum, text) => sum + [...text].length, 0)
  return [
    ...banned.map(key =>
      wrong(
        [key],
        'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
        `The '${key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
      ),
    ),
    ...(all.length > 40
      ? [wrong(['components'], 'BASE_TYPE_BAD_LENGTH', 'The message has more than 40 components.')]
      : []),
    ...(total > 4000
      ? [wrong(['components'], 'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED', 'The texts exceed 4000 characters.')]
      : []),
    ...texts.filter(blank).map(() => required(['components'])),
  ]
}

/** Every component of a message, with those inside of others and beside sections. */
export function everyComponent(components: unknown): Json[] {
  return objects(components).flatMap(part => [
    part,
    ...everyComponent(part.components),
    ...(part.accessory ? [part.accessory as Json] : []),
  ])
}

/** The action rows of a message, wherever they stand; a section's button is a row of one. */
function allRows(components: unknown): Json[] {
  return everyComponent(components).flatMap(part => {
    if (part.type === 1) return [part]
    return part.type === 9 && (part.accessory as Json)?.type === 2 ? [{ type: 1, components: [part.accessory] }] : []
  })
}

function duplicateIds(rows: Json[]): FieldError[] {
  const seen = new Set<unknown>()
  return rows.flatMap((row, r) =>
    objects(row.components).flatMap((part, i) => {
      if (!part.custom_id) return []
      if (!seen.has(part.custom_id)) {
        seen.add(part.custom_id)
        return []
      }
      return [
        wrong(
          ['components', r, 'components', i, 'custom_id'],
          'COMPONENT_CUSTOM_ID_DUPLICATED',
          'Component custom id cannot be duplicated',
        ),
      ]
    }),
  )
}

function mentionErrors(allowed: unknown): FieldError[] {
  if (typeof allowed !== 'object' || allowed === null) return []
  const { parse, users, roles } = allowed as { parse?: string[]; users?: string[]; roles?: string[] }
  const both = (['users', 'roles'] as const).filter(k => parse?.includes(k) && { users, roles }[k]?.length)
  return both.map(k =>
    wrong(
      ['allowed_mentions'],
      'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
      `parse:["${k}"] and ${k}: [ids...] are mutually exclusive.`,
    ),
  )
}

/** The objects of a list that may be absent. */
export function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(v => typeof v === 'object' && v !== null) : []
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []
}

const blank = (value: unknown) => typeof value !== 'string' || value.trim() === ''
const required = (path: (string | number)[]) => wrong(path, 'BASE_TYPE_REQUIRED', 'This field is required')
const tooLong = (path: (string | number)[], max: number) =>
  wrong(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${max} or fewer in length.`)
const wrong = (path: (string | number)[], code: string, message: string): FieldError => ({ path, code, message })
