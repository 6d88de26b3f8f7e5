/** Base64url, for the opaque texts that go into addresses and headers. */

/** Text as base64url of its UTF-8 bytes, without padding (RFC 4648, 5). */
export function toBase64Url(text: string): string {
  const binary = isAscii(text) ? text : toBinary(text);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** What {@link toBase64Url} was given. @throws where the text is no base64url, or its bytes are no UTF-8. */
export function fromBase64Url(text: string): string {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder('utf-8', { fatal: true }).decode(
    Uint8Array.from(binary, (char) => char.codePointAt(0) ?? 0),
  );
}

/** One character for each byte, as `btoa` takes them. */
function toBinary(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCodePoint(byte)).join('');
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1)
    if (text.charCodeAt(index) > 127) return false;
  return true;
}
