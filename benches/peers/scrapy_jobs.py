"""Scrapy (scrapy.org): a spider over the portal's lists, the JSON-LD of each post, batches into PostgreSQL.

python scrapy_jobs.py BASE_URL DSN

Prints one line of JSON: rows, seconds of the crawl (imports left out), peak memory.
"""

import json
import resource
import sys
import time

import psycopg2
import scrapy
from psycopg2.extras import execute_values
from scrapy.crawler import CrawlerProcess

BATCH = 200


class Posts(scrapy.Spider):
    name = "posts"

    def __init__(self, base=None, **kwargs):
        super().__init__(**kwargs)
        self.start_urls = [f"{base}/jobs/?p=0"]

    def parse(self, response):
        yield from response.follow_all(css="a.job-link", callback=self.parse_post)
        yield from response.follow_all(css="a.next")

    def parse_post(self, response):
        text = response.css('script[type="application/ld+json"]::text').get()
        post = json.loads(text)
        yield {
            "id": response.url.rsplit("/", 1)[-1],
            "title": post.get("title"),
            "description": post.get("description"),
            "posted": post.get("datePosted"),
            "closes": post.get("validThrough"),
            "contract": post.get("employmentType"),
            "organization": (post.get("hiringOrganization") or {}).get("name"),
            "place": ((post.get("jobLocation") or {}).get("address") or {}).get("addressLocality"),
        }


class Load:
    def open_spider(self, spider=None):
        self.connection = psycopg2.connect(sys.argv[2])
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS peer_scrapy (id text PRIMARY KEY, title text, description text, posted text,"
                " closes text, contract text, organization text, place text)"
            )
        self.rows = []

    def process_item(self, item, spider=None):
        self.rows.append(tuple(item.values()))
        if len(self.rows) >= BATCH:
            self.flush()
        return item

    def flush(self):
        if self.rows:
            with self.connection, self.connection.cursor() as cursor:
                execute_values(
                    cursor,
                    "INSERT INTO peer_scrapy VALUES %s ON CONFLICT (id) DO UPDATE SET title = excluded.title,"
                    " description = excluded.description, posted = excluded.posted, closes = excluded.closes,"
                    " contract = excluded.contract, organization = excluded.organization, place = excluded.place",
                    self.rows,
                )
            self.rows = []

    def close_spider(self, spider=None):
        self.flush()
        self.connection.close()


def main():
    process = CrawlerProcess(
        settings={
            "CONCURRENT_REQUESTS": 32,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
            "DOWNLOAD_DELAY": 0,
            "COOKIES_ENABLED": False,
            "ROBOTSTXT_OBEY": True,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "ERROR",
            "ITEM_PIPELINES": {Load: 100},
        }
    )
    begun = time.monotonic()
    crawler = process.create_crawler(Posts)
    process.crawl(crawler, base=sys.argv[1])
    process.start()
    seconds = time.monotonic() - begun
    rows = crawler.stats.get_value("item_scraped_count", 0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"rows": rows, "seconds": round(seconds, 3), "peak_rss_mb": round(peak / 1024)}))


if __name__ == "__main__":
    main()
