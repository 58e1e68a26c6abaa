// A small HTTP server that says which machine it was compiled for. It listens on ADDR, host:port.
#include "answer.h"

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include <boost/asio.hpp>
#include <boost/beast.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

// talk answers one client until it hangs up.
static void talk(tcp::socket socket)
{
	beast::flat_buffer buffer;
	beast::error_code failed;
	for (;;) {
		http::request<http::string_body> request;
		http::read(socket, buffer, request, failed);
		if (failed)
			return;
		http::response<http::string_body> response{http::status::ok, request.version()};
		response.body() = answer(std::string(request.target()));
		if (response.body().empty())
			response.result(http::status::not_found);
		response.set(http::field::content_type, "text/plain; charset=utf-8");
		response.keep_alive(request.keep_alive());
		response.prepare_payload();
		http::write(socket, response, failed);
		if (failed || !response.keep_alive())
			return;
	}
}

int main()
{
	const char *given = std::getenv("ADDR");
	const std::string address = given ? given : "0.0.0.0:8080";
	try {
		const auto colon = address.rfind(':');
		const auto host = asio::ip::make_address(address.substr(0, colon));
		const auto port = static_cast<unsigned short>(std::stoul(address.substr(colon + 1)));
		asio::io_context context;
		tcp::acceptor acceptor(context, {host, port});
		for (;;)
			std::thread(talk, acceptor.accept()).detach();
	} catch (const std::exception &e) {
		std::cerr << "server: cannot listen on " << address << ": " << e.what() << '\n';
		return 1;
	}
}
