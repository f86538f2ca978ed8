// The modal that asks for the arguments of a button, and the entries of a submitted one.
import type { types } from '@slack/bolt'
import { cutText } from '../../card.ts'
import type { Argument } from '../../command/argument.ts'
import type { CommandDispatcher, PressOrigin } from '../channel.ts'
import { plain } from './buttons.ts'

/** The callback id of every such modal. */
export const FORM = 'vakt_form'

/** https://api.slack.com/reference/surfaces/views */
const MAX_STATE_LENGTH = 3_000
const MAX_FIELDS = 100
const MAX_OPTIONS = 100
const MAX_TITLE_LENGTH = 24
const MAX_LABEL_LENGTH = 2_000
const MAX_OPTION_NAME_LENGTH = 75
const MAX_OPTION_VALUE_LENGTH = 150
const MAX_ENTRY_LENGTH = 3_000
/** Texts that may be longer than this get an input of several rows. */
const SINGLE_ROW_LENGTH = 200

/** What a modal stores: the line to complete, and where its button is. */
export type FormState = { line: string; channel: string; responseUrl?: string; thread?: string; press?: PressOrigin }

/** The modal for a line and the arguments it lacks; null when there is no such command or nothing to ask for. */
export function toModal(
  dispatcher: CommandDispatcher,
  ask: readonly string[],
  state: FormState,
): types.ModalView | null {
  const form = dispatcher.form(state.line, ask)
  if (form === null || form.arguments.length === 0) return null
  const stored = JSON.stringify(state)
  if (stored.length > MAX_STATE_LENGTH) return null
  const name = form.command.name
  return {
    type: 'modal',
    callback_id: FORM,
    title: plain(name.charAt(0).toUpperCase() + name.slice(1), MAX_TITLE_LENGTH),
    submit: plain('Run', MAX_TITLE_LENGTH),
    close: plain('Cancel', MAX_TITLE_LENGTH),
    private_metadata: stored,
    blocks: form.arguments.slice(0, MAX_FIELDS).map(toField),
  }
}

/** What a modal stored; null when the modal is not one of ours. */
export function readState(stored: string): FormState | null {
  try {
    const state = JSON.parse(stored) as FormState
    return typeof state.line === 'string' && typeof state.channel === 'string' ? state : null
  } catch {
    return null
  }
}

/** The state of one field as Slack sends it. */
export type FieldState = {
  value?: string | null
  selected_option?: { value: string } | null
  selected_options?: readonly { value: string }[]
}

/** The entries by argument name, without empty ones. */
export function readEntries(values: Record<string, Record<string, FieldState>>): Record<string, string> {
  const entries: Record<string, string> = {}
  for (const [name, states] of Object.entries(values)) {
    const field = Object.values(states)[0]
    const value = field?.value ?? field?.selected_option?.value ?? field?.selected_options?.[0]?.value
    if (value !== undefined && value !== null && value.trim() !== '') entries[name] = value
  }
  return entries
}

/** Choices as options. The typed text is one of them, because arguments are not limited to the choices. */
export function toOptions(choices: readonly { name: string; value: string }[], typed: string): types.Option[] {
  const fitting = choices.filter(choice => choice.value !== '' && choice.value.length <= MAX_OPTION_VALUE_LENGTH)
  const options = fitting.map(choice => ({ text: plain(choice.name, MAX_OPTION_NAME_LENGTH), value: choice.value }))
  const own = typed.trim()
  const isNew = own !== '' && own.length <= MAX_OPTION_VALUE_LENGTH && !options.some(option => option.value === own)
  return [...options, ...(isNew ? [{ text: plain(own, MAX_OPTION_NAME_LENGTH), value: own }] : [])].slice(
    0,
    MAX_OPTIONS,
  )
}

function toField(argument: Argument): types.InputBlock {
  const label = argument.name.replaceAll('-', ' ')
  return {
    type: 'input',
    block_id: argument.name,
    label: plain(label.charAt(0).toUpperCase() + label.slice(1), MAX_LABEL_LENGTH),
    ...(argument.summary === '' ? {} : { hint: plain(argument.summary, MAX_LABEL_LENGTH) }),
    optional: !argument.required || argument.kind === 'flag',
    element: toElement(argument),
  }
}

function toElement(argument: Argument): types.InputBlock['element'] {
  const action_id = argument.name
  if (argument.kind === 'flag') return { type: 'checkboxes', action_id, options: [option('yes', 'true')] }
  if (argument.choices && argument.choices.length > 0 && argument.choices.length <= MAX_OPTIONS)
    return { type: 'static_select', action_id, options: argument.choices.map(choice => option(choice, choice)) }
  if (argument.complete !== undefined) return { type: 'external_select', action_id, min_query_length: 0 }
  const maxLength = Math.min(argument.maxLength ?? MAX_ENTRY_LENGTH, MAX_ENTRY_LENGTH)
  const isLong = argument.kind === 'text' && argument.positional && maxLength > SINGLE_ROW_LENGTH
  return { type: 'plain_text_input', action_id, max_length: maxLength, ...(isLong ? { multiline: true } : {}) }
}

function option(name: string, value: string): types.PlainTextOption {
  return { text: plain(name, MAX_OPTION_NAME_LENGTH), value: cutText(value, MAX_OPTION_VALUE_LENGTH) }
}
