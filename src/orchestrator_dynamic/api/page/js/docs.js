// Draws the description of the API; requests that are tried out carry the token of this tab.
(() => {
  let token = '';
  try {
    token = sessionStorage.getItem('orq.token') ?? '';
  } catch {
    // Without storage the token is typed into the page's own form.
  }
  window.SwaggerUIBundle({
    url: '/openapi.json',
    domNode: document.getElementById('docs'),
    deepLinking: true,
    tryItOutEnabled: true,
    validatorUrl: null,
    requestInterceptor(request) {
      const here = new URL(request.url, location.href).origin === location.origin;
      if (here && token && !request.headers.Authorization) {
        request.headers.Authorization = `Bearer ${token}`;
      }
      return request;
    },
  });
})();
