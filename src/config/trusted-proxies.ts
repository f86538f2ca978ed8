// Reads which proxies are trusted, so that their X-Forwarded-* headers count.
import { BlockList, isIP } from 'node:net'

const LOOPBACK = ['127.0.0.0/8', '::1']
const EVERYONE = ['0.0.0.0/0', '::/0']
const PROXY_WORDS: Record<string, string[]> = {
  loopback: LOOPBACK,
  ...Object.fromEntries(['all', 'true', 'yes', '1'].map(word => [word, EVERYONE])),
  ...Object.fromEntries(['none', 'false', 'no', '0'].map(word => [word, []])),
}

/** The addresses of trusted proxies; null when the text is no list of addresses and networks. */
export function proxyList(text: string): BlockList | null {
  const list = new BlockList()
  const words = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
  for (const word of words.flatMap(text => PROXY_WORDS[text] ?? [text])) {
    const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(word) ?? []
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    const widest = family === 'ipv4' ? 32 : 128
    if (!isIP(address) || Number(bits ?? 0) > widest) return null
    list.addSubnet(address, Number(bits ?? widest), family)
  }
  return list
}
