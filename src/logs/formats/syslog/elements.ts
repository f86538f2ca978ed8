// Structured data of syslog: [id name="value" …] as attributes (RFC 5424, section 6.3).

const ELEMENT = /\[(?<id>[^ =\]"]{1,64})(?<parameters>(?: +[^ =\]"]{1,64}="(?:[^"\\\]]|\\.){0,4000}")*) *\]/gy
const PARAMETER = /(?<name>[^ =\]"]{1,64})="(?<value>(?:[^"\\\]]|\\.){0,4000})"/g

/** The elements by their id, each with its parameters by name; a text that is none is kept whole as `structured_data`. */
export function readStructuredData(text: string): { [id: string]: unknown } {
  const elements: { [id: string]: unknown } = {}
  let end = 0
  for (const match of text.matchAll(ELEMENT)) {
    const { id, parameters } = match.groups as { id: string; parameters: string }
    end = match.index + match[0].length
    elements[id] = { ...(elements[id] as object | undefined), ...readParameters(parameters) }
  }
  return end === text.length ? elements : { structured_data: text }
}

function readParameters(text: string): { [name: string]: string } {
  const parameters = [...text.matchAll(PARAMETER)].map(({ groups }) => {
    const { name, value } = groups as { name: string; value: string }
    return [name, value.replace(/\\(["\\\]])/g, '$1')] as const
  })
  return Object.fromEntries(parameters)
}
