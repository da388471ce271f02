// Starts Swagger UI inside a page that has its own heading and landmarks: only its working parts are laid out.
// The address of the contract stands in the page, so that this file needs no template.
const place = document.getElementById("api");
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

const workingParts = ({ React }) => ({
  components: {
    WorkingParts: ({ getComponent, specSelectors }) => {
      const part = (name) => React.createElement(getComponent(name, true), { key: name });
      const ready = specSelectors.loadingStatus() === "success";
      const names = ready ? ["AuthorizeBtnContainer", "FilterContainer", "operations", "Models"] : [];
      return React.createElement("div", { className: "swagger-ui" }, ["SvgAssets", "errors", ...names].map(part));
    },
  },
});

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.contract,
  plugins: [workingParts],
  layout: "WorkingParts",
  deepLinking: false,
  docExpansion: "list",
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
