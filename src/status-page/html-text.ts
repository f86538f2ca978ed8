// Text in HTML and SVG: nothing that a person writes becomes markup. Pure.

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A text for the content or a quoted attribute of an element, without the control characters that XML forbids. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll(/(?![\t\n\r])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '')
    .replaceAll(/[&<>"']/g, char => ENTITIES[char]!)
}
