// Renders message templates (messagetemplates.org), which Serilog sends in place of messages.

type Fields = { readonly [name: string]: unknown }

const hole = /\{[@$]?([A-Za-z_]\w{0,60})(?:[,:][^{}]{0,40})?\}/g

/** The template with its holes filled from the record or its `Properties`; holes without a value stay as they are. */
export function renderTemplate(template: string, record: Fields): string {
  const properties = record.Properties
  const inner = typeof properties === 'object' && properties !== null ? (properties as Fields) : {}
  return template.replace(hole, (text, name: string) => {
    const value = Object.hasOwn(record, name) ? record[name] : Object.hasOwn(inner, name) ? inner[name] : undefined
    if (typeof value === 'object' || value === undefined) return text
    return String(value)
  })
}
