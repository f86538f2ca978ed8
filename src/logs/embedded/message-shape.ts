// What messages of one kind have in common: the message with its numbers and identifiers masked.

const LONGEST = 500

/** The first line of a message with each word that holds a digit as `<*>`; linear in its length. */
export function shapeOf(message: string): string {
  const end = message.indexOf('\n')
  const first = (end < 0 ? message : message.slice(0, end)).slice(0, LONGEST)
  return first.replace(/[\w.:-]+/g, word => (/\d/.test(word) ? '<*>' : word)).replace(/<\*>(?:[\s,;/]*<\*>)+/g, '<*>')
}
