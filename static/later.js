// A page that goes out without htmx fetches it when somebody goes to the search box.

const { content } = document.querySelector("meta[name=later]");
document.getElementById("search").onfocus = () => import(content);
