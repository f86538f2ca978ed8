// Secrets in disguise: names and signs that are encoded, invisible or full-width, as attackers and careless programs write them.

const DISGUISE =
  /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\uff01-\uff5e]|%(?:3[ad]|2[2567]|40|5b|7b|[46][1-9a-f]|[57][0-9a])|&(?:#|quot;|apos;|amp;|lt;|gt;)|\\u00[2-7]/i

const MAY_BE_DISGUISE = /[%&\\\u00ad-\uffff]/

/** Whether a text has any disguise. */
export function hasDisguise(text: string): boolean {
  return MAY_BE_DISGUISE.test(text) && DISGUISE.test(text)
}

const ENTITIES: Record<string, string> = { quot: '"', apos: "'", amp: '&', lt: '<', gt: '>' }

/** The text without disguises: what a reader, a browser or a parser makes of it. Printable ASCII only is decoded. */
export function undisguise(text: string): string {
  return text
    .replace(/[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/g, '')
    .replace(/[\uff01-\uff5e]/g, sign => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/%25(?=[2-7][0-9a-f])/gi, '%')
    .replace(/%([2-7][0-9a-f])/gi, (all, hex: string) => printable(Number.parseInt(hex, 16), all))
    .replace(/\\u00([2-7][0-9a-f])/gi, (all, hex: string) => printable(Number.parseInt(hex, 16), all))
    .replace(/&#(?:x([2-7][0-9a-f])|(\d{2,3}));/gi, (all, hex?: string, decimal?: string) =>
      printable(hex ? Number.parseInt(hex, 16) : Number(decimal), all),
    )
    .replace(/&(quot|apos|amp|lt|gt);/g, (_all, name: string) => ENTITIES[name]!)
}

function printable(code: number, otherwise: string): string {
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : otherwise
}
