// What Discord demands of application commands and modals beyond its description: names, order, mixing, totals, rows.

import { type Json, objects } from './message-rules.ts'
import type { FieldError } from './refusal.ts'

const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u
const SUBCOMMAND = 1
const GROUP = 2

/** The field errors of a list of commands that replaces what is there (PUT). */
export function commandListErrors(commands: Json[]): FieldError[] {
  const errors = commands.flatMap((command, i) => commandErrors(command, [i]))
  if (commands.filter(c => (c.type ?? 1) === 1).length > 100)
    errors.push(wrong([], 'APPLICATION_COMMAND_TOO_MANY', 'Maximum number of application commands reached (100).'))
  return [
    ...errors,
    ...duplicates(commands, [], 'APPLICATION_COMMANDS_DUPLICATE_NAME', 'Application command names must be unique'),
  ]
}

/** The field errors of one command. */
export function commandErrors(command: Json, path: (string | number)[] = []): FieldError[] {
  const isSlash = (command.type ?? 1) === 1
  const errors = isSlash
    ? [...nameErrors(command, path), ...optionListErrors(objects(command.options), [...path, 'options'])]
    : []
  if (isSlash && size(command) > 8000)
    errors.push(wrong(path, 'APPLICATION_COMMAND_TOO_LARGE', 'Command exceeds maximum size (8000)'))
  return errors
}

/** The field errors of a modal: at most five rows, one input each, distinct ids, sane lengths. */
export function modalErrors(modal: Json): FieldError[] {
  const rows = objects(modal.components)
  const errors =
    rows.length > 5 ? [wrong(['data', 'components'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 5 in length.')] : []
  const seen = new Set<unknown>()
  for (const [i, row] of rows.entries()) {
    const inputs = row.type === 18 ? objects([row.component]) : objects(row.components)
    const path = ['data', 'components', i]
    if (row.type === 1 && inputs.length !== 1)
      errors.push(
        wrong(
          [...path, 'components'],
          'COMPONENT_LAYOUT_WIDTH_EXCEEDED',
          'The component layout width has been exceeded',
        ),
      )
    for (const input of inputs) errors.push(...inputErrors(input, row, path, seen))
  }
  return errors
}

function inputErrors(input: Json, row: Json, path: (string | number)[], seen: Set<unknown>): FieldError[] {
  const errors: FieldError[] = []
  if (seen.has(input.custom_id))
    errors.push(
      wrong([...path, 'custom_id'], 'COMPONENT_CUSTOM_ID_DUPLICATED', 'Component custom id cannot be duplicated'),
    )
  seen.add(input.custom_id)
  if (input.type === 4 && row.type === 1 && !input.label)
    errors.push(wrong([...path, 'label'], 'BASE_TYPE_REQUIRED', 'This field is required'))
  const value = [...String(input.value ?? '')].length
  if (value && value > Number(input.max_length ?? 4000))
    errors.push(wrong([...path, 'value'], 'BASE_TYPE_MAX_LENGTH', `Must be ${input.max_length} or fewer in length.`))
  if (Number(input.min_length ?? 0) > Number(input.max_length ?? 4000))
    errors.push(wrong([...path, 'min_length'], 'TEXT_INPUT_MIN_GREATER_THAN_MAX', 'min_length exceeds max_length'))
  return errors
}

function nameErrors(node: Json, path: (string | number)[]): FieldError[] {
  const name = String(node.name ?? '')
  const errors: FieldError[] = []
  if (!NAME.test(name) || name !== name.toLowerCase())
    errors.push(wrong([...path, 'name'], 'APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid'))
  const length = [...String(node.description ?? '')].length
  if (length < 1) errors.push(wrong([...path, 'description'], 'BASE_TYPE_REQUIRED', 'This field is required'))
  if (length > 100)
    errors.push(wrong([...path, 'description'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 100 in length.'))
  return errors
}

function optionListErrors(options: Json[], path: (string | number)[]): FieldError[] {
  const nested = options.filter(o => o.type === SUBCOMMAND || o.type === GROUP)
  const errors = options.flatMap((option, i) => optionErrors(option, [...path, i]))
  if (options.length > 25) errors.push(wrong(path, 'BASE_TYPE_BAD_LENGTH', 'Must be 25 or fewer in length.'))
  if (nested.length > 0 && nested.length < options.length)
    errors.push(
      wrong(
        path,
        'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
        'Sub-command and sub-command group option types are mutually exclusive to all other types',
      ),
    )
  const firstOptional = options.findIndex(o => !o.required)
  for (const [i, option] of options.entries())
    if (option.required && firstOptional !== -1 && i > firstOptional)
      errors.push(
        wrong(
          [...path, i],
          'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
          'Required options must be placed before non-required options',
        ),
      )
  return [
    ...errors,
    ...duplicates(options, path, 'APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE', 'Option names must be unique'),
  ]
}

function optionErrors(option: Json, path: (string | number)[]): FieldError[] {
  const choices = objects(option.choices)
  const errors = [...nameErrors(option, path), ...optionListErrors(objects(option.options), [...path, 'options'])]
  if (choices.length > 0 && option.autocomplete)
    errors.push(
      wrong(
        [...path, 'autocomplete'],
        'APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES',
        'Choices and autocomplete are mutually exclusive',
      ),
    )
  return [
    ...errors,
    ...duplicates(
      choices,
      [...path, 'choices'],
      'APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATE',
      'Choice names must be unique',
    ),
  ]
}

/** Discord counts names, descriptions and values over the whole command. */
function size(node: Json): number {
  const own = [node.name, node.description, node.value]
    .filter(t => typeof t === 'string')
    .reduce((sum, t) => sum + [...t].length, 0)
  return [...objects(node.options), ...objects(node.choices)].reduce((sum, child) => sum + size(child), own)
}

function duplicates(list: Json[], path: (string | number)[], code: string, message: string): FieldError[] {
  const names = list.map(entry => entry.name)
  return names.flatMap((name, i) => (names.indexOf(name) < i ? [wrong([...path, i, 'name'], code, message)] : []))
}

const wrong = (path: (string | number)[], code: string, message: string): FieldError => ({ path, code, message })
