// For type checkers only: under this name the server has the package's own file.
export { default } from "uplot";
