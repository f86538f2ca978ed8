// The modal that asks for arguments before a button's command line runs, and what people entered in it.
import type { types } from '@slack/bolt'
import { cutText } from '../../card.ts'
import type { Argument } from '../../command/argument.ts'
import type { CommandDispatcher } from '../channel.ts'
import { plain } from './buttons.ts'

/** The callback id of every such modal. */
export const FORM = 'vakt_form'

/** What a modal carries along: the line to complete, and where its button stood. */
export type FormState = { line: string; channel: string; responseUrl?: string; thread?: string }

/** The modal for a line and the arguments it lacks; null when the line names no command or asks for nothing. */
export function toModal(
  dispatcher: CommandDispatcher,
  ask: readonly string[],
  state: FormState,
): types.ModalView | null {
  const form = dispatcher.form(state.line, ask)
  if (form === null || form.arguments.length === 0) return null
  const carried = JSON.stringify(state)
  if (carried.length > 3000) return null
  const name = form.command.name
  return {
    type: 'modal',
    callback_id: FORM,
    title: plain(name.charAt(0).toUpperCase() + name.slice(1), 24),
    submit: plain('Run', 24),
    close: plain('Cancel', 24),
    private_metadata: carried,
    blocks: form.arguments.slice(0, 100).map(toField),
  }
}

/** What a modal carried along; null when it is none of ours. */
export function readState(carried: string): FormState | null {
  try {
    const state = JSON.parse(carried) as FormState
    return typeof state.line === 'string' && typeof state.channel === 'string' ? state : null
  } catch {
    return null
  }
}

/** One field's state as Slack sends it. */
export type Entered = {
  value?: string | null
  selected_option?: { value: string } | null
  selected_options?: readonly { value: string }[]
}

/** The entries by argument name; fields left empty are absent. */
export function readEntries(values: Record<string, Record<string, Entered>>): Record<string, string> {
  const entries: Record<string, string> = {}
  for (const [name, states] of Object.entries(values)) {
    const entered = Object.values(states)[0]
    const value = entered?.value ?? entered?.selected_option?.value ?? entered?.selected_options?.[0]?.value
    if (value !== undefined && value !== null && value.trim() !== '') entries[name] = value
  }
  return entries
}

/** Choices as options; what was typed is itself one of them, for arguments that are not limited to the choices. */
export function toOptions(choices: readonly { name: string; value: string }[], typed: string): types.Option[] {
  const fitting = choices.filter(choice => choice.value !== '' && choice.value.length <= 150)
  const options = fitting.map(choice => ({ text: plain(choice.name, 75), value: choice.value }))
  const own = typed.trim()
  const isNew = own !== '' && own.length <= 150 && !options.some(option => option.value === own)
  return [...options, ...(isNew ? [{ text: plain(own, 75), value: own }] : [])].slice(0, 100)
}

function toField(argument: Argument): types.InputBlock {
  const label = argument.name.replaceAll('-', ' ')
  return {
    type: 'input',
    block_id: argument.name,
    label: plain(label.charAt(0).toUpperCase() + label.slice(1), 2000),
    ...(argument.summary === '' ? {} : { hint: plain(argument.summary, 2000) }),
    optional: !argument.required || argument.kind === 'flag',
    element: toElement(argument),
  }
}

function toElement(argument: Argument): types.InputBlock['element'] {
  const action_id = argument.name
  if (argument.kind === 'flag') return { type: 'checkboxes', action_id, options: [option('yes', 'true')] }
  if (argument.choices && argument.choices.length > 0 && argument.choices.length <= 100)
    return { type: 'static_select', action_id, options: argument.choices.map(choice => option(choice, choice)) }
  if (argument.complete !== undefined) return { type: 'external_select', action_id, min_query_length: 0 }
  const most = Math.min(argument.maxLength ?? 3000, 3000)
  const isLong = argument.kind === 'text' && argument.positional && (argument.maxLength ?? 3000) > 200
  return { type: 'plain_text_input', action_id, max_length: most, ...(isLong ? { multiline: true } : {}) }
}

function option(name: string, value: string): types.PlainTextOption {
  return { text: plain(name, 75), value: cutText(value, 150) }
}
