// Data that people read as text: control characters become visible and have no effect.

/** Text in which every control character but tab and line break is replaced by its picture (ESC by ␛). */
export function safeText(text: string): string {
  return text.replace(/[[\p{Cc}\p{Bidi_Control}]--[\t\n]]/gv, character => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '␡' : '�'
  })
}
