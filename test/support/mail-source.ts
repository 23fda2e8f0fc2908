/** The text of a mail's source with the line breaks and escapes of quoted-printable (RFC 2045, section 6.7) taken out. */
export function readableSource(source: string): string {
  return source
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
}
