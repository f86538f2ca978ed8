// The form a button opens for the arguments it asks for, and what was written into one.

import { cutText } from '../../card.ts'
import type { Argument } from '../../command/argument.ts'
import type { Command } from '../../command/command.ts'

const FIELDS = 5
const LABEL_ROW = 18
const TEXT_INPUT = 4
const SHORT = 1
const LONG = 2
const LONGEST_VALUE = 4_000

/** A Discord modal for up to five arguments; `id` comes back with what was written. */
export function formFor(id: string, command: Pick<Command<never>, 'summary'>, asked: readonly Argument[]): object {
  return {
    custom_id: id,
    title: cutText(command.summary.trim() || 'Vakt', 45),
    components: asked.slice(0, FIELDS).map(field),
  }
}

/** The values by argument name; fields left empty are left out. Reads forms with labels and the older rows. */
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
  const isWide = argument.kind === 'text' && (argument.maxLength ?? 0) > 200
  const label = argument.name.charAt(0).toUpperCase() + argument.name.slice(1).replaceAll('-', ' ')
  return {
    type: LABEL_ROW,
    label: cutText(label, 45),
    ...(argument.summary && { description: cutText(argument.summary, 100) }),
    component: {
      type: TEXT_INPUT,
      custom_id: argument.name,
      style: isWide ? LONG : SHORT,
      required: argument.required,
      max_length: Math.min(Math.max(argument.maxLength ?? LONGEST_VALUE, 1), LONGEST_VALUE),
      ...(hint && { placeholder: cutText(hint, 100) }),
    },
  }
}
