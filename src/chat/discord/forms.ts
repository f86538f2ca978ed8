// The form that a button opens for the arguments it asks for, and the entries of a submitted one.

import { cutText } from '../../card.ts'
import type { Argument } from '../../command/argument.ts'
import type { Command } from '../../command/command.ts'

const MAX_FIELDS = 5
const MAX_TITLE_LENGTH = 45
const MAX_LABEL_LENGTH = 45
const MAX_HINT_LENGTH = 100
const MAX_VALUE_LENGTH = 4_000
/** Texts that may be longer than this get an input of several rows. */
const SINGLE_ROW_LENGTH = 200
const LABEL = 18
const TEXT_INPUT = 4
const SHORT = 1
const PARAGRAPH = 2

/** A modal for up to five arguments; `id` comes back with the entries. */
export function formFor(id: string, command: Pick<Command<never>, 'summary'>, args: readonly Argument[]): object {
  return {
    custom_id: id,
    title: cutText(command.summary.trim() || 'Vakt', MAX_TITLE_LENGTH),
    components: args.slice(0, MAX_FIELDS).map(field),
  }
}

/** The entries by argument name, without empty ones. Reads modals with labels and with the older action rows. */
export function readForm(components: readonly unknown[]): Record<string, string> {
  const inputs = components.flatMap(row => {
    const { component, components: several } = row as { component?: Input; components?: Input[] }
    return [...(component ? [component] : []), ...(several ?? [])]
  })
  const filled = inputs.filter(input => typeof input.value === 'string' && input.value.trim() !== '')
  return Object.fromEntries(filled.map(input => [input.custom_id, input.value]))
}

interface Input {
  custom_id: string
  value: string
}

function field(argument: Argument): object {
  const hint = argument.choices ? `One of: ${argument.choices.join(', ')}` : ''
  const isLong = argument.kind === 'text' && (argument.maxLength ?? 0) > SINGLE_ROW_LENGTH
  const label = argument.name.charAt(0).toUpperCase() + argument.name.slice(1).replaceAll('-', ' ')
  return {
    type: LABEL,
    label: cutText(label, MAX_LABEL_LENGTH),
    ...(argument.summary && { description: cutText(argument.summary, MAX_HINT_LENGTH) }),
    component: {
      type: TEXT_INPUT,
      custom_id: argument.name,
      style: isLong ? PARAGRAPH : SHORT,
      required: argument.required,
      max_length: Math.min(Math.max(argument.maxLength ?? MAX_VALUE_LENGTH, 1), MAX_VALUE_LENGTH),
      ...(hint && { placeholder: cutText(hint, MAX_HINT_LENGTH) }),
    },
  }
}
