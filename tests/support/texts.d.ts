// Files that are imported as texts, which tsc does not know; Deno does.
declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*.js" {
  const text: string;
  export default text;
}
