// The commands in the OpenAPI document: each with its arguments, their types and their bounds.
import type { Argument, ArgumentKind } from '../../command/argument.ts'
import type { Command } from '../../command/command.ts'

const TYPES: { readonly [kind in ArgumentKind]: string } = {
  text: 'string',
  'whole number': 'integer',
  number: 'number',
  flag: 'boolean',
  choice: 'string',
}

/** The JSON schema of `{"command": <name>, "args": {…}}` for one command. */
export function commandSchema(command: Command<never>) {
  const required = command.arguments.filter(argument => argument.required).map(argument => argument.name)
  return {
    type: 'object' as const,
    title: command.name,
    description: `${command.summary}. Role: ${command.role}.`,
    required: ['command', ...(required.length > 0 ? ['args'] : [])],
    properties: {
      command: { const: command.name },
      args: {
        type: required.length > 0 ? 'object' : ['object', 'null'],
        properties: Object.fromEntries(command.arguments.map(argument => [argument.name, argumentSchema(argument)])),
        ...(required.length > 0 ? { required } : {}),
        additionalProperties: false,
      },
    },
  }
}

/** An argument that may be left out may be null as well. */
function argumentSchema({ kind, summary, choices, min, max, maxLength, required, repeated }: Argument) {
  const types = [TYPES[kind], ...(repeated ? ['array'] : []), ...(required ? [] : ['null'])]
  return {
    type: types.length === 1 ? types[0] : types,
    ...(repeated ? { items: { type: 'string' } } : {}),
    ...(summary === '' ? {} : { description: summary }),
    ...(choices ? { enum: required ? choices : [...choices, null] } : {}),
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
    ...(maxLength === undefined ? {} : { maxLength }),
  }
}
