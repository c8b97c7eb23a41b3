"""What columns are called, in the languages reviews and tickets come in. Names only; `columns` decides.

The most telling names come first. Names are squeezed: folded, without spaces, marks and accents. A name may stand
under two roles ("bewertung" is a rating or a review): the cells decide. For authors, ids come before names, because
they tell people apart better; for entities, names come before ids, because they read better in a report.
"""

NAMES = {
    "messages": ("messages conversations conversation dialog dialogue turns chat"),
    "text": (
        "text reviewtext reviewbody reviewcontent review reviews comment comments feedback body content message "
        "verbatim response answer opinion description fulltext commenttext feedbacktext customerfeedback "
        "customercomment transcript post tweet rezension rezensionstext bewertungstext bewertung kommentar "
        "kommentare kundenmeinung meinung nachricht antwort freitext avis commentaire commentaires texte "
        "remarque contenu resena resenas comentario comentarios texto mensaje contenido recensione recensioni "
        "commento commenti testo avaliacao mensagem conteudo recensie opmerking opmerkingen beoordeling tekst "
        "评论 评价 评论内容 评价内容 内容 正文 评论正文 留言 反馈 文本 評論 評價 內容 留言內容 レビュー 本文 "
        "コメント 感想 口コミ 리뷰 댓글 내용 후기 отзыв отзывы комментарии текст recenzja komentarz tresc yorum "
        "yorumlar التعليق"
    ),
    "id": (
        "id reviewid recordid rowid commentid responseid feedbackid ticketid messageid conversationid dialogid "
        "documentid docid uuid key uniqueid uniqid index nummer bewertungsid rezensionsid identifiant numero "
        "identificador codigo 编号 序号 评论编号 番号 번호 номер"
    ),
    "author": (
        "userid reviewerid customerid authorid memberid accountid profileid personid author reviewer "
        "reviewername authorname user username customer customername member respondent respondentid nickname "
        "screenname reviewedby autor autorin verfasser verfasserin kunde kundenname kundennummer kundenid "
        "benutzer benutzername nutzer auteur client utilisateur pseudo usuario cliente autore utente klant "
        "gebruiker 用户 用户名 用户昵称 昵称 作者 评论者 会员 用戶 用戶名 投稿者 ユーザー 作者名 ユーザー名 "
        "작성자 사용자 닉네임 автор пользователь имя uzytkownik yazar kullanici"
    ),
    "entity": (
        "entity product productname producttitle hotel hotelname restaurant restaurantname business businessname "
        "item itemname itemtitle brand app appname service servicename company companyname location store "
        "storename shop place course coursename branch property propertyname productid asin parentasin "
        "businessid hotelid itemid appid sku courseid locationid storeid entityid produkt produktname artikel "
        "artikelname marke filiale standort geschaft produit nomduproduit article marque magasin producto "
        "nombredelproducto articulo tienda prodotto negozio produto loja winkel 商品 商品名 商品名称 产品 "
        "产品名称 店铺 店名 酒店 餐厅 品牌 產品 店舗 製品 상품 상품명 제품 товар продукт produktnazwa urun"
    ),
    "rating": (
        "rating ratings stars star starrating reviewrating reviewscore score overall overallrating grade nps "
        "npsscore csat satisfaction bewertung sterne note punkte punktzahl gesamtbewertung etoiles "
        "nombredetoiles evaluation calificacion puntuacion estrellas nota valoracion voto stelle punteggio "
        "valutazione avaliacao estrelas classificacao beoordeling sterren cijfer 评分 星级 打分 分数 星 評分 "
        "星級 評価 星数 点数 평점 별점 점수 оценка реитинг ocena puan"
    ),
    "date": (
        "date reviewdate datetime timestamp time createdat created createdate creationdate submittedat "
        "submissiondate reviewtime publishedat publicationdate postedat postedon dateposted publisheddate "
        "dateadded at unixreviewtime updatedat responsedate startdate enddate datum erstelltam bewertungsdatum "
        "zeitstempel zeitpunkt dateavis datedepublication fecha fechacreacion fechapublicacion data "
        "datapubblicazione 日期 时间 评论时间 评价时间 评论日期 发布时间 時間 評論時間 日付 投稿日 日時 날짜 "
        "작성일 дата tarih"
    ),
    "language": (
        "language lang locale languagecode langcode reviewlanguage sprache langue idioma lengua lingua taal 语言 "
        "語言 言語 언어 язык jezyk dil"
    ),
}
