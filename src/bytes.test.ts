// Sizes in bytes: parsed with units of 1000 or 1024, and shown.
import { describe, expect, it } from 'vitest'
import { formatBinaryBytes, formatBytes, parseBinarySize, parseSize } from './bytes.ts'

describe('a size', () => {
  it.each<[string, number | null, number | null]>([
    ['0B', 0, 0],
    ['512KiB', 524_288, 524_288],
    ['2MB', 2e6, 2_097_152],
    ['2 mib', 2_097_152, 2_097_152],
    ['1.5MiB', 1_572_864, 1_572_864],
    ['20GB', 20e9, null],
    ['20 GiB', 21_474_836_480, null],
    ['64k', null, 65_536],
    ['64', null, 64],
    ['--', null, null],
    ['1.2.3MB', null, null],
    ['MB', null, null],
  ])('%s has %j bytes, and %j with units of 1024', (text, bytes, binary) => {
    expect([parseSize(text), parseBinarySize(text)]).toEqual([bytes, binary])
  })

  it('is shown in the largest unit', () => {
    expect([0, 999, 1000, 123_456, 15.3e9].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 kB', '123 kB', '15.3 GB'])
    expect([99_940, 99_960, 999_400, 999_600, -999_600, 999.99e15].map(formatBytes)).toEqual([
      ...['99.9 kB', '100 kB', '999 kB', '1.0 MB', '-1.0 MB', '1000 PB'],
    ])
    expect([1024, 1536, 524_288, 2_097_152].map(formatBinaryBytes)).toEqual(['1 KiB', '1.5 KiB', '512 KiB', '2 MiB'])
  })
})
