// The kinds of IP addresses: those of the public internet, and those to which Vakt never connects. Pure.
import { BlockList, isIP } from 'node:net'

/**
 * Never connected to: link-local addresses and those on which clouds answer with credentials, and those of no single
 * machine. Private networks are not among them, because Vakt runs inside them.
 */
const FORBIDDEN = blockList([
  '169.254.0.0/16',
  '0.0.0.0/8',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // The metadata of Alibaba Cloud, Azure's agent, and Oracle Cloud.
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.0/24',
  'fe80::/10',
  'ff00::/8',
  '::/128',
  // The metadata of Amazon and of Google by IPv6.
  'fd00:ec2::/32',
  'fd20:ce::254/128',
])

/** Addresses that are not globally reachable, by the special-purpose registries of IANA (RFC 6890, updated 2024). */
const NOT_PUBLIC = blockList([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
])

/** Global unicast (RFC 4291), and the prefix of NAT64, behind which an IPv4 address decides. */
const GLOBAL = blockList(['2000::/3', '64:ff9b::/96'])

/** Whether Vakt must never connect to an address, whoever asks; also when the address is written inside an IPv6 one. */
export function isForbiddenAddress(address: string): boolean {
  return forms(address).some(form => isIn(FORBIDDEN, form))
}

/** Whether an address belongs to the public internet; false for text that is no address. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false
  const [own, ...embedded] = forms(address)
  if (isIP(own!) === 4) return !isIn(NOT_PUBLIC, own!) && !isIn(FORBIDDEN, own!)
  const mapped = isMapped(own!)
  if (!mapped && (!isIn(GLOBAL, own!) || isIn(NOT_PUBLIC, own!) || isIn(FORBIDDEN, own!))) return false
  return embedded.every(isPublicAddress)
}

/** Whether `list` holds an address or the IPv4 address that an IPv6 one stands for. */
export function isListed(list: BlockList, address: string): boolean {
  const [own, ...embedded] = forms(address)
  return isIn(list, own!) || (isMapped(own!) && embedded.some(form => isIn(list, form)))
}

/** The address without its zone, and every IPv4 address that is written inside it. */
function forms(address: string): string[] {
  const plain = address.replace(/%.*$/, '')
  return isIP(plain) === 6 ? [plain, ...embeddedIpv4(groupsOf(plain))] : [plain]
}

/** The IPv4 addresses inside an IPv6 one, as its transition mechanism would reach them. */
function embeddedIpv4(groups: readonly number[]): string[] {
  const at = (i: number) => toIpv4(groups[i]!, groups[i + 1]!)
  const isZero = (from: number, until: number) => groups.slice(from, until).every(group => group === 0)
  // Mapped (::ffff:a.b.c.d), translated (::ffff:0:a.b.c.d), and compatible (::a.b.c.d, but neither :: nor ::1).
  if (isZero(0, 5) && groups[5] === 0xffff) return [at(6)]
  if (isZero(0, 4) && groups[4] === 0xffff && groups[5] === 0) return [at(6)]
  if (isZero(0, 6)) return groups[6] === 0 ? [] : [at(6)]
  // NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380: inverted), ISATAP (RFC 5214).
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return [at(6)]
  if (groups[0] === 0x2002) return [at(1)]
  if (groups[0] === 0x2001 && groups[1] === 0) return [at(2), toIpv4(groups[6]! ^ 0xffff, groups[7]! ^ 0xffff)]
  if ((groups[4]! & 0xfdff) === 0 && groups[5] === 0x5efe) return [at(6)]
  return []
}

function isMapped(address: string): boolean {
  if (isIP(address) !== 6) return false
  const groups = groupsOf(address)
  return groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map(Number)
    return `${(a! * 256 + b!).toString(16)}:${(c! * 256 + d!).toString(16)}`
  })
  const [head = '', tail] = hex.split('::')
  const read = (text: string) => (text === '' ? [] : text.split(':').map(group => Number.parseInt(group, 16)))
  const [before, after] = [read(head), read(tail ?? '')]
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

function toIpv4(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address, bits] = network.split('/') as [string, string]
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
